/** Whether prices that a ledger names stand in the trace, at the time of the quote they name. */
import { decimal, nanoOf } from "./decimal.ts";
import type { Fill, Mark, QuoteName } from "./ledger-file.ts";
import type { TraceQuote, Traces } from "./trace.ts";

/** A fill trades at the side of the quote that it met: a purchase at the ask, a sale at the bid. */
export function checkFill({ symbol, side, lastPx, quote, transactTimeMs }: Fill, traces: Traces): readonly string[] {
  const price = nanoOf(lastPx);
  const there = quotesAt(traces, symbol, timeOf(quote));
  if (Number(transactTimeMs) !== timeOf(quote))
    return [`a fill of ${symbol} at ${moment(Number(transactTimeMs))} names a quote of ${moment(timeOf(quote))}`];
  if (there.some(({ bid, ask }) => (side === "SIDE_BUY" ? ask : bid) === price)) return [];
  const verb = side === "SIDE_BUY" ? "bought" : "sold";
  return [`${symbol} ${verb} at ${decimal(price)}, but the trace has ${shown(there)} at ${moment(timeOf(quote))}`];
}

/** A mark is the side at which the position would be closed, of the last quote at or before the entry's last fill. */
export function checkMark(mark: Mark, isLong: boolean, eventMs: number, traces: Traces): readonly string[] {
  const { symbol, quote } = mark;
  if (quote === undefined) return [`the mark of ${symbol} names no quote, though the trace has quotes of it`];
  const atMs = timeOf(quote);
  if (atMs > eventMs) return [`the mark of ${symbol} is of ${moment(atMs)}, after the entry's ${moment(eventMs)}`];
  const price = nanoOf(mark.price);
  const there = quotesAt(traces, symbol, atMs);
  if (!there.some(({ bid, ask }) => (isLong ? bid : ask) === price))
    return [
      `${symbol}, ${isLong ? "long" : "short"}, is marked at ${decimal(price)}, but the trace has ${shown(there)} at ${moment(atMs)}`,
    ];
  const passed = between(traces, symbol, atMs, eventMs).find((later) => !mayBeOutlier(later, there));
  if (passed === undefined) return [];
  return [`the mark of ${symbol} is of ${moment(atMs)}, but the trace has one of ${moment(passed.timeMs)}`];
}

/** What the market drops as an outlier lies at least half a percent away; with the drift of a few quotes, .4 %. */
function mayBeOutlier(passed: TraceQuote, there: readonly TraceQuote[]): boolean {
  if (passed.isOfBar) return false;
  const mid = (there[0]?.bid ?? 0n) + (there[0]?.ask ?? 0n);
  const gap = passed.bid + passed.ask - mid;
  return (gap < 0n ? -gap : gap) * 1000n > mid * 4n;
}

function quotesAt(traces: Traces, symbol: string, timeMs: number): readonly TraceQuote[] {
  return between(traces, symbol, timeMs - 1, timeMs + 1);
}

/** Both ends left out. */
function between(traces: Traces, symbol: string, afterMs: number, beforeMs: number): readonly TraceQuote[] {
  const quotes = traces.get(symbol) ?? [];
  return quotes.slice(firstFrom(quotes, afterMs + 1), firstFrom(quotes, beforeMs));
}

/** By halving: the first at or after the time. */
function firstFrom(quotes: readonly TraceQuote[], timeMs: number): number {
  let [low, high] = [0, quotes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((quotes[middle]?.timeMs ?? 0) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function timeOf({ msgId }: QuoteName): number {
  return Number.parseInt(msgId.replace("-", "").slice(0, 12), 16);
}

function shown(quotes: readonly TraceQuote[]): string {
  if (quotes.length === 0) return "no quote";
  return quotes.map(({ bid, ask }) => `${decimal(bid)} / ${decimal(ask)}`).join(", ");
}

function moment(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
