import { MarketError } from "./error.ts";

/** Where one line stands: bytes [start, end) without its end of line, and its number in the file, from 1. */
export type OnLine = (bytes: Uint8Array, start: number, end: number, line: number) => void;

/** Cuts a file that comes in chunks of any size into lines (\n or \r\n), without a copy of what lies inside a chunk. */
export class Lines {
  readonly #file: string;
  readonly #onLine: OnLine;
  #rest: Uint8Array = new Uint8Array(0);
  #line = 0;

  constructor(file: string, onLine: OnLine) {
    this.#file = file;
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#emit(bytes, start, end);
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    if (this.#rest.length > LINE_BYTES_MAX) {
      const problem = `line ${this.#line + 1} is longer than ${LINE_BYTES_MAX} bytes`;
      throw new MarketError(
        "NOT_A_TABLE",
        this.#file,
        problem,
        "A trace is CSV text: a header line, then one row a line",
      );
    }
  }

  end(): void {
    const rest = this.#rest;
    this.#rest = new Uint8Array(0);
    if (rest.length > 0) this.#emit(rest, 0, rest.length);
  }

  #emit(bytes: Uint8Array, start: number, end: number): void {
    this.#line++;
    this.#onLine(bytes, start, end > start && bytes[end - 1] === RETURN ? end - 1 : end, this.#line);
  }
}

const NEWLINE = 10;
const RETURN = 13;
// No row of prices is near this; a file without line ends must not be gathered in memory.
const LINE_BYTES_MAX = 65_536;
