import { MarketError } from "./error.ts";

/** What the header of a file says: which kind of rows follow, what parts them, and in which column each value stands. */
export interface Table {
  readonly kind: "quote" | "trade" | "bar";
  /** The byte between two cells. */
  readonly delimiter: number;
  /** Cells of a row. */
  readonly width: number;
  readonly columns: Columns;
  /** MetaTrader's tick export leaves a bid or an ask empty when it has not changed. */
  readonly repeatsEmpty: boolean;
}

/** Where each value stands; -1 where the file has no such column. `clock` is the time of day of a file with a date of its own. */
type Columns = Readonly<
  Record<"time" | "clock" | "symbol" | "bid" | "ask" | "bidSize" | "askSize" | "price" | "size" | "side", number> &
    Record<"open" | "high" | "low" | "close" | "volume", number>
>;

/**
 * Reads a header by its names: in any case, blanks, `_`, `-`, `<` and `>` ignored, in any order, unknown columns left alone.
 * With open, high, low and close it is a table of bars, else with bid and ask of quotes, else with price and size of trades.
 * Throws `NOT_A_TABLE` when it names nothing known and `MISSING_COLUMN` when its kind needs more.
 */
export function readHeader(line: string, file: string): Table {
  const delimiter = guessDelimiter(line);
  const names = line.split(delimiter).map(normalise);
  const column = (aliases: readonly string[]) => {
    for (const alias of aliases) if (names.includes(alias)) return names.indexOf(alias);
    return -1;
  };
  const apart = names.includes("date") && names.includes("time");
  const columns = {
    time: apart ? names.indexOf("date") : column(TIME_NAMES),
    clock: apart ? names.indexOf("time") : -1,
    open: column(["open"]),
    high: column(["high"]),
    low: column(["low"]),
    close: column(["close"]),
    volume: column(["volume", "tickvol", "tickvolume", "vol"]),
    bid: column(["bid", "bidprice"]),
    ask: column(["ask", "askprice", "offer"]),
    bidSize: column(["bidsize", "bidqty", "bidvolume"]),
    askSize: column(["asksize", "askqty", "askvolume"]),
    price: column(["price", "tradeprice"]),
    size: column(["size", "qty", "quantity", "amount", "volume"]),
    side: column(["side"]),
    symbol: column(["symbol", "ticker", "instrument"]),
  };
  if (Object.values(columns).every((index) => index < 0)) throw notATable(line, file);

  const { time, open, high, low, close, bid, ask, price, size } = columns;
  const isBar = open >= 0 || high >= 0 || low >= 0 || close >= 0;
  const isQuote = !isBar && (bid >= 0 || ask >= 0);
  const needed = isBar ? { open, high, low, close } : isQuote ? { bid, ask } : { price, size };
  for (const [name, index] of Object.entries({ time, ...needed })) {
    if (index < 0) throw missing(name, isBar ? "bars" : isQuote ? "quotes" : "trades", line, delimiter, file);
  }
  return {
    kind: isBar ? "bar" : isQuote ? "quote" : "trade",
    delimiter: delimiter.charCodeAt(0),
    width: names.length,
    columns,
    repeatsEmpty: isQuote && names.includes("flags") && names.includes("last"),
  };
}

function guessDelimiter(line: string): string {
  const count = (delimiter: string) => line.split(delimiter).length;
  return [",", "\t", ";", "|"].reduce((best, next) => (count(next) > count(best) ? next : best));
}

/** White space (\s) counts the byte order mark among it. */
function normalise(name: string): string {
  return name.toLowerCase().replace(/[\s_\-<>"]/g, "");
}

function notATable(line: string, file: string): MarketError {
  const found = line.length > 60 ? `${line.slice(0, 60)}…` : line;
  const problem = /[^\t\x20-\uffff]/.test(line)
    ? "not text"
    : `its first line names no known column: ${JSON.stringify(found)}`;
  return new MarketError("NOT_A_TABLE", `${file}:1`, problem, CURE);
}

function missing(name: string, kind: string, line: string, delimiter: string, file: string): MarketError {
  const found = line.split(delimiter).map((cell) => cell.trim());
  const problem = `no column "${name}" for a table of ${kind}; found ${found.join(", ")}`;
  return new MarketError("MISSING_COLUMN", `${file}:1`, problem, CURE);
}

const TIME_NAMES = ["tsms", "timestamp", "time", "datetime", "date", "ts", "gmttime", "opentime", "unix"];
const CURE =
  "A trace begins with a header: time, bid, ask [, bid_size, ask_size]; or time, price, size [, side]; or time, [symbol,] open, high, low, close, volume";
