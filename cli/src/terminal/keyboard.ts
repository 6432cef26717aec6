/** Keys as they are pressed, one character each; the terminal is given back as it was. */
import { setTimeout as sleep } from "node:timers/promises";

export class Keyboard implements Disposable {
  readonly #stream: NodeJS.ReadStream;
  readonly #interrupt: () => void;
  readonly #pressed: string[] = [];
  #wake: () => void = () => {};
  readonly #onData = (text: string) => {
    // An arrow or a function key: one escape with a tail. Alone it is the key itself.
    if (text.length > 1 && text.startsWith("\u001b")) return;
    // The terminal, which would make a signal of it, is not asked while keys are read one by one.
    if (text.includes(CTRL_C)) this.#interrupt();
    this.#pressed.push(...text.replaceAll(CTRL_C, ""));
    this.#wake();
  };

  constructor(stream: NodeJS.ReadStream, interrupt: () => void) {
    this.#stream = stream;
    this.#interrupt = interrupt;
    stream.setRawMode(true);
    stream.setEncoding("utf8");
    stream.on("data", this.#onData);
    stream.resume();
  }

  /** Forgets what was pressed before a question was seen. */
  clear(): void {
    this.#pressed.length = 0;
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

const CTRL_C = "\u0003";
