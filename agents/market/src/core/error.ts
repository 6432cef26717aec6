/**
 * Expected failures of this package, each one line: where (file and line), what is wrong, what to do about it.
 * A row that is merely bad market data (crossed, stale, outlying) is no error: it is dropped and counted.
 */
export class MarketError extends Error {
  readonly code: MarketErrorCode;

  constructor(code: MarketErrorCode, place: string, problem: string, cure: string, options?: ErrorOptions) {
    super(`${place}: ${problem}. ${cure}`, options);
    this.name = "MarketError";
    this.code = code;
  }
}

/**
 * - `NO_SUCH_FILE`: the file is not there, is no file, or may not be read
 * - `TRUNCATED_GZIP`: the compressed data stops before its end
 * - `DAMAGED_GZIP`: the compressed data or its checksum is wrong
 * - `NOT_A_TABLE`: text without a header that names columns, or no text at all
 * - `EMPTY`: no row, or no row in the time asked for
 * - `MISSING_COLUMN`: a header that lacks a column its kind needs
 * - `BAD_ROW`: a row with another number of cells than the header, or a side that is neither buy nor sell
 * - `BAD_NUMBER`: a cell that is no decimal number, or one too large to be exact
 * - `UNKNOWN_TIME`: a time in no known form
 * - `TIME_NOT_ORDERED`: rows that go backwards in time, not only now and then
 * - `NO_SYMBOL`: nothing says which symbol a file is of
 * - `UNKNOWN_SYMBOL`: a symbol without a row in instruments.json where a default is not allowed or not possible
 * - `BAD_INSTRUMENT`: an instrument whose half-spread or top size is off its grid
 * - `BAD_OPTION`: an option that makes no sense
 */
export type MarketErrorCode =
  | "NO_SUCH_FILE"
  | "TRUNCATED_GZIP"
  | "DAMAGED_GZIP"
  | "NOT_A_TABLE"
  | "EMPTY"
  | "MISSING_COLUMN"
  | "BAD_ROW"
  | "BAD_NUMBER"
  | "UNKNOWN_TIME"
  | "TIME_NOT_ORDERED"
  | "NO_SYMBOL"
  | "UNKNOWN_SYMBOL"
  | "BAD_INSTRUMENT"
  | "BAD_OPTION";
