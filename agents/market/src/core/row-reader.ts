import { Cells } from "./cells.ts";
import { DecimalReader, latin1 } from "./decimal.ts";
import { MarketError } from "./error.ts";
import type { Table } from "./table.ts";
import { epochMsOf, parseTime } from "./time-text.ts";

/** Reads the values of one row at a time; every complaint names the file and the line. */
export class RowReader {
  readonly #table: Table;
  readonly #file: string;
  readonly #cells: Cells;
  readonly #decimals = new DecimalReader();
  #bytes: Uint8Array = new Uint8Array(0);
  #line = 0;
  roundedPrices = 0;

  constructor(table: Table, file: string) {
    this.#table = table;
    this.#file = file;
    this.#cells = new Cells(table.width + 1);
  }

  /** Makes this line the current row; false when it is blank. Throws `BAD_ROW` when it is not as wide as the header. */
  load(bytes: Uint8Array, start: number, end: number, line: number): boolean {
    if (start === end) return false;
    const { width, delimiter } = this.#table;
    this.#bytes = bytes;
    this.#line = line;
    const cells = this.#cells;
    cells.split(bytes, start, end, delimiter);
    if (cells.count === width || (cells.count === width + 1 && this.text(width) === "")) return true;
    if (cells.count === 1 && this.text(0) === "") return false;
    const problem = `${cells.count} cells where the header has ${width}`;
    throw this.error("BAD_ROW", problem, "Repair the row, or delete it");
  }

  /** Throws `UNKNOWN_TIME`. */
  timeMs(): number {
    const { time, clock } = this.#table.columns;
    const cells = this.#cells;
    if (clock < 0) {
      const fast = epochMsOf(this.#bytes, cells.start(time), cells.end(time));
      if (!Number.isNaN(fast)) return fast;
    }
    const text = clock < 0 ? this.text(time) : `${this.text(time)} ${this.text(clock)}`;
    const timeMs = parseTime(text);
    if (timeMs !== undefined) return timeMs;
    const cure =
      "Write it as 2014-05-02T12:30:00Z, 2014-05-02 or epoch milliseconds (docs/market-data.md has all forms)";
    throw this.error("UNKNOWN_TIME", `${JSON.stringify(text)} is no known form of a time`, cure);
  }

  symbol(): string {
    return this.text(this.#table.columns.symbol).toUpperCase();
  }

  /** Nothing there: no such column, no text, or the `null` of a Yahoo download. */
  isEmpty(column: number): boolean {
    if (column < 0) return true;
    const start = this.#cells.start(column);
    const length = this.#cells.end(column) - start;
    return length === 0 || (length === 4 && this.text(column).toLowerCase() === "null");
  }

  /** A price in units, on the tick. Throws `BAD_NUMBER`. */
  price(column: number, scale: number, tickUnits: number): number {
    this.#decimals.rounded = false;
    const units = this.#number(column, scale, tickUnits);
    if (this.#decimals.rounded) this.roundedPrices++;
    return units;
  }

  /** A size or a volume in units, on the lot. Throws `BAD_NUMBER`. */
  size(column: number, scale: number, lotUnits: number): number {
    return this.#number(column, scale, lotUnits);
  }

  text(column: number): string {
    return latin1(this.#bytes, this.#cells.start(column), this.#cells.end(column));
  }

  error(
    code: "BAD_ROW" | "BAD_NUMBER" | "UNKNOWN_TIME" | "TIME_NOT_ORDERED" | "UNKNOWN_SYMBOL",
    problem: string,
    cure: string,
  ): MarketError {
    return new MarketError(code, `${this.#file}:${this.#line}`, problem, cure);
  }

  #number(column: number, scale: number, step: number): number {
    const cells = this.#cells;
    const units = this.#decimals.read(this.#bytes, cells.start(column), cells.end(column), scale, step);
    if (!Number.isNaN(units)) return units;
    const problem = `${JSON.stringify(this.text(column))} is no decimal number that is exact at ${scale} decimals`;
    throw this.error("BAD_NUMBER", problem, "Repair the cell, or leave it empty: then the row is dropped and counted");
  }
}
