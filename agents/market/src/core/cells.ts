/** The cells of one line: `bounds[2i]` to `bounds[2i + 1]` in its bytes, without blanks and quotation marks around them. */
export class Cells {
  count = 0;
  readonly bounds: Int32Array;
  readonly #max: number;

  /** Cells beyond `max` are counted, and not kept. */
  constructor(max: number) {
    this.#max = max;
    this.bounds = new Int32Array(2 * max);
  }

  split(bytes: Uint8Array, start: number, end: number, delimiter: number): void {
    this.count = 0;
    let from = start;
    let quoted = false;
    for (let i = start; i < end; i++) {
      const byte = bytes[i];
      if (byte === QUOTE) quoted = !quoted;
      else if (byte === delimiter && !quoted) {
        this.#add(bytes, from, i);
        from = i + 1;
      }
    }
    this.#add(bytes, from, end);
  }

  start(cell: number): number {
    return this.bounds[2 * cell] as number;
  }

  end(cell: number): number {
    return this.bounds[2 * cell + 1] as number;
  }

  #add(bytes: Uint8Array, from: number, to: number): void {
    let start = from;
    let end = to;
    while (start < end && isAround(bytes[start])) start++;
    while (end > start && isAround(bytes[end - 1])) end--;
    if (this.count < this.#max) {
      this.bounds[2 * this.count] = start;
      this.bounds[2 * this.count + 1] = end;
    }
    this.count++;
  }
}

const QUOTE = 34;

function isAround(byte: number | undefined): boolean {
  return byte === 32 || byte === QUOTE;
}
