/** Keys as they are pressed, one character each; the terminal is given back as it was. */
import { setTimeout as sleep } from "node:timers/promises";

export class Keyboard implements Disposable {
  readonly #stream: NodeJS.ReadStream;
  readonly #pressed: string[] = [];
  #wake: () => void = () => {};
  readonly #onData = (text: string) => {
    // An arrow or a function key: one escape with a tail. Alone it is the key itself.
    if (text.length > 1 && text.startsWith("\u001b")) return;
    this.#pressed.push(...text);
    this.#wake();
  };

  constructor(stream: NodeJS.ReadStream) {
    this.#stream = stream;
    stream.setRawMode(true);
    stream.setEncoding("utf8");
    stream.on("data", this.#onData);
    stream.resume();
  }

  /** A key that was pressed already. */
  take(): string | undefined {
    return this.#pressed.shift();
  }

  /** The next key, or undefined when none came in time. */
  async next(timeoutMs: number): Promise<string | undefined> {
    if (this.#pressed.length > 0) return this.take();
    const cancelled = new AbortController();
    const pressed = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([pressed, sleep(timeoutMs, undefined, { signal: cancelled.signal }).catch(() => {})]);
    cancelled.abort();
    this.#wake = () => {};
    return this.take();
  }

  [Symbol.dispose](): void {
    this.#stream.off("data", this.#onData);
    this.#stream.setRawMode(false);
    this.#stream.pause();
  }
}
