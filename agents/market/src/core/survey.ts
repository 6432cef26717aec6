import { decimalPlaces } from "./decimal.ts";
import { MarketError } from "./error.ts";
import { RowReader } from "./row-reader.ts";
import type { Table } from "./table.ts";

/** What the first rows of a file show of a symbol: what a default instrument and the length of a bar are made from. */
export interface SymbolSurvey {
  /** The most decimals of a price, at most 9. */
  readonly decimals: number;
  /** The first positive price, as written. */
  readonly firstPrice: string | undefined;
  /** The smallest step between two rows, undefined when there is none. */
  readonly stepMs: number | undefined;
}

const SURVEY_ROWS = 1_000;

/** Looks at the first 1,000 rows of a file. `symbol` is the one of a table without a symbol column. */
export class Survey {
  readonly symbols = new Map<string, SymbolSurvey>();
  rows = 0;
  readonly #table: Table;
  readonly #file: string;
  readonly #row: RowReader;
  readonly #symbol: string | undefined;
  readonly #lastMs = new Map<string, number>();
  #newestMs = Number.NEGATIVE_INFINITY;
  #backwards = 0;

  constructor(table: Table, file: string, symbol: string | undefined) {
    this.#table = table;
    this.#file = file;
    this.#row = new RowReader(table, file);
    this.#symbol = symbol;
  }

  get isComplete(): boolean {
    return this.rows >= SURVEY_ROWS;
  }

  add(bytes: Uint8Array, start: number, end: number, line: number): void {
    const row = this.#row;
    if (this.isComplete || !row.load(bytes, start, end, line)) return;
    this.rows++;
    const timeMs = row.timeMs();
    const symbol = this.#symbol ?? row.symbol();
    const before = this.symbols.get(symbol) ?? { decimals: 0, firstPrice: undefined, stepMs: undefined };
    let { decimals, firstPrice } = before;
    for (const column of priceColumns(this.#table)) {
      const price = row.isEmpty(column) ? "" : row.text(column);
      decimals = Math.min(9, Math.max(decimals, decimalPlaces(price)));
      if (Number(price) > 0 && Number.isFinite(Number(price))) firstPrice ??= price;
    }
    const stepMs = timeMs - (this.#lastMs.get(symbol) ?? timeMs);
    const isSmaller = stepMs > 0 && stepMs < (before.stepMs ?? Number.POSITIVE_INFINITY);
    this.symbols.set(symbol, { decimals, firstPrice, stepMs: isSmaller ? stepMs : before.stepMs });
    this.#lastMs.set(symbol, timeMs);
    if (timeMs < this.#newestMs) this.#backwards++;
    this.#newestMs = Math.max(this.#newestMs, timeMs);
  }

  /** Throws `EMPTY` when there was no row and `TIME_NOT_ORDERED` when more than a tenth of the rows go backwards. */
  finish(): void {
    if (this.rows === 0) {
      throw new MarketError("EMPTY", this.#file, "a header and no row", "Check the download, or name another file");
    }
    if (this.#backwards > this.rows / 10) {
      const problem = `${this.#backwards} of the first ${this.rows} rows go backwards in time`;
      throw new MarketError("TIME_NOT_ORDERED", this.#file, problem, ORDER_CURE);
    }
  }
}

function priceColumns({ kind, columns }: Table): readonly number[] {
  if (kind === "quote") return [columns.bid, columns.ask];
  return kind === "trade" ? [columns.price] : [columns.open, columns.high, columns.low, columns.close];
}

export const ORDER_CURE =
  "Sort the rows by time, oldest first (many symbols: by time, then symbol; or one file a symbol)";
