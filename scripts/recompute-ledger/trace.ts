/** The quotes of a trace, read again by the plainest reader that will do: commas, a header, prices as they stand. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Nano, nano, roundTo } from "./decimal.ts";

export interface TraceQuote {
  readonly timeMs: number;
  readonly bid: Nano;
  readonly ask: Nano;
  /** Made from a bar: the market drops none of these as an outlier. */
  readonly isOfBar: boolean;
}

/** By symbol, in the order of the file. What is crossed, not positive or out of order is left out, as the market leaves it out. */
export type Traces = Map<string, TraceQuote[]>;

interface Instrument {
  readonly symbol: string;
  readonly tick: string;
  readonly halfSpread: string;
}

/** `[SYMBOL=]FILE`; without a symbol the file has a column of them. */
export function readTrace(name: string, traces: Traces): void {
  const [, named, path = name] = /^([\w.^-]+)=(.+)$/.exec(name) ?? [];
  const bytes = readFileSync(path);
  const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString("utf8");
  const [header = "", ...lines] = text.split(/\r?\n/);
  const columns = header.toLowerCase().split(",");
  const at = (...names: string[]) => columns.findIndex((column) => names.includes(column));
  const [time, symbolAt, bid, ask] = [at("time", "ts_ms", "timestamp", "date"), at("symbol"), at("bid"), at("ask")];
  const prices = ["open", "high", "low", "close"].map((column) => at(column));
  const isBars = bid < 0 || ask < 0;
  if (time < 0 || (isBars && prices.includes(-1)))
    throw new Error(`${path}: neither quotes nor bars with commas between: ${header}`);
  const rows = lines.filter((line) => line !== "").map((line) => line.split(","));
  const bySymbol = Map.groupBy(rows, (row) => (symbolAt < 0 ? named : row[symbolAt]) ?? "");
  for (const [symbol, own] of bySymbol) {
    if (symbol === "") throw new Error(`${path}: it has no column of symbols: write SYMBOL=${path}`);
    const instrument = instruments.find((row) => row.symbol === symbol);
    const price = (row: string[], column: number) => toTick(nano(row[column] ?? ""), instrument);
    const quotes = isBars
      ? quotesOfBars(
          own,
          (row) => timeOf(row[time]),
          (row) => prices.map((column) => price(row, column)),
          instrument,
        )
      : own.map((row) => ({ timeMs: timeOf(row[time]), bid: price(row, bid), ask: price(row, ask), isOfBar: false }));
    traces.set(symbol, [...(traces.get(symbol) ?? []), ...inOrder(quotes)]);
  }
}

/** docs/market-data.md, "A bar becomes four quotes". */
function quotesOfBars(
  rows: string[][],
  openTime: (row: string[]) => number,
  pricesOf: (row: string[]) => Nano[],
  instrument: Instrument | undefined,
): TraceQuote[] {
  if (instrument === undefined) throw new Error("bars of a symbol without a row in markets/instruments.json");
  const half = nano(instrument.halfSpread);
  const times = rows.slice(0, 1000).map(openTime);
  const length = Math.min(...times.slice(1).map((time, n) => time - (times[n] ?? 0)));
  return rows.flatMap((row) => {
    const [open = 0n, high = 0n, low = 0n, close = 0n] = pricesOf(row);
    const [near, far] = high - open < open - low ? [high, low] : [low, high];
    const t = openTime(row);
    const moments = [t, t + Math.floor(length / 3), t + Math.floor((2 * length) / 3), t + length - 1];
    const mids = [open, near, far, close];
    return moments.map((timeMs, n) => ({
      timeMs,
      bid: (mids[n] ?? 0n) - half,
      ask: (mids[n] ?? 0n) + half,
      isOfBar: true,
    }));
  });
}

function inOrder(quotes: readonly TraceQuote[]): TraceQuote[] {
  let last = Number.NEGATIVE_INFINITY;
  return quotes.filter(({ timeMs, bid, ask }) => {
    if (bid <= 0n || bid > ask || timeMs < last) return false;
    last = timeMs;
    return true;
  });
}

function toTick(price: Nano, instrument: Instrument | undefined): Nano {
  const tick = instrument === undefined ? 1n : nano(instrument.tick);
  return roundTo(price, tick) * tick;
}

/** A date, ISO 8601 (UTC), or epoch seconds, ms, µs or ns by their size. */
function timeOf(text = ""): number {
  if (!/^\d+$/.test(text)) {
    const ms = Date.parse(/^[\d-]+$/.test(text) || /(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`);
    if (Number.isNaN(ms)) throw new Error(`"${text}" is no time that this script reads`);
    return ms;
  }
  const value = BigInt(text);
  if (value < 10n ** 11n) return Number(value * 1000n);
  if (value < 10n ** 14n) return Number(value);
  return Number(value / (value < 10n ** 17n ? 1000n : 1_000_000n));
}

const instruments: readonly Instrument[] = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "..", "markets", "instruments.json"), "utf8"),
);
