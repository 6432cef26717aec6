/** Lines that stay, and below them one that changes in place: the countdown. Off a terminal there are only lines. */
import { fit, type Style, styleOf } from "./style.ts";

export class Screen implements Disposable {
  readonly style: Style;
  readonly #stream: NodeJS.WriteStream;
  #hasStatus = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.style = styleOf(stream);
    // Whoever reads only the first lines closes the pipe: the run goes on and is kept.
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }

  line(text: string): void {
    this.clearStatus();
    this.#stream.write(`${text}\n`);
  }

  /** `text` as it is; what has colours must have been fitted before. */
  status(text: string): void {
    if (!this.#stream.isTTY) return;
    this.clearStatus();
    this.#stream.write(text);
    this.#hasStatus = true;
  }

  clearStatus(): void {
    if (!this.#hasStatus) return;
    this.#stream.write(CLEAR_LINE);
    this.#hasStatus = false;
  }

  /** What stood there last stays, and whoever writes next begins on a line of their own. */
  [Symbol.dispose](): void {
    if (this.#hasStatus) this.#stream.write("\n");
    this.#hasStatus = false;
  }

  fit(text: string): string {
    return fit(text, this.style.width);
  }
}

const CLEAR_LINE = "\r\u001b[2K";
