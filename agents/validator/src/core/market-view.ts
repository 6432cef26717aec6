/**
 * The market as this validator's own feed shows it: what a fill's price and an entry's marks are judged by. It keeps the last quotes of
 * each symbol; a fill against an older one cannot be judged, and unknown is no.
 */
import type { Quote } from "@countersign/contracts";
import type { LastQuote } from "@countersign/ledger";
import { compare, type Price } from "@countersign/orders";
import type { MarketRef } from "@countersign/runtime";
import { Quotes, type SeenQuote } from "./quotes.ts";

export class MarketView {
  readonly #bySymbol = new Map<string, Quotes>();
  readonly #quotesMax: number;
  readonly #lagMs: number;

  /**
   * @param quotesMax how many quotes of each symbol are kept
   * @param lagMs how far apart this feed and another one may be whose marks are still right. In a replay, where all read at once: 0.
   */
  constructor(quotesMax: number, lagMs = 0) {
    this.#quotesMax = quotesMax;
    this.#lagMs = lagMs;
  }

  /** In the order of the feed. A quote that lacks a side or is crossed is not accepted, here as everywhere. */
  onQuote(quote: Quote, { msgId, seq, digest }: MarketRef): void {
    const { symbol, bidUnits, askUnits, priceScale, eventTimeMs } = quote;
    if (!symbol || bidUnits === undefined || askUnits === undefined || priceScale === undefined) return;
    if (eventTimeMs === undefined || bidUnits <= 0n || bidUnits > askUnits) return;
    const seen = this.#bySymbol.get(symbol) ?? new Quotes(symbol, this.#quotesMax);
    this.#bySymbol.set(symbol, seen);
    const timeMs = Number(eventTimeMs);
    seen.push({ msgId, seq, digest, eventTimeMs: timeMs, bidUnits, askUnits, scale: priceScale });
  }

  /** The last accepted quote at or before the time. */
  lastAt(symbol: string, timeMs: number): LastQuote | undefined {
    const seen = this.#seen(symbol);
    const last = seen.lastIndexAt(timeMs);
    return last < 0 ? undefined : seen.at(last);
  }

  /** Whether the feed has come to this time. */
  hasReached(symbol: string, timeMs: number): boolean {
    const seen = this.#seen(symbol);
    return seen.length > 0 && seen.timeAt(seen.length - 1) >= timeMs;
  }

  /** Whether the feed has brought this quote; of those that are kept. */
  hasSeen(symbol: string, msgId: string): boolean {
    return this.#seen(symbol).indexOf(msgId) >= 0;
  }

  /**
   * The accepted quotes that were the last one at the time or, for a feed that is behind or ahead of this one, within the lag of it.
   * Quotes of one millisecond have no order between processes: each of them was the last.
   */
  lastWithin(symbol: string, timeMs: number): readonly LastQuote[] {
    const seen = this.#seen(symbol);
    const last = seen.lastIndexAt(timeMs + this.#lagMs);
    let first = last;
    while (first > 0 && seen.timeAt(first) > timeMs - this.#lagMs) first--;
    while (first > 0 && seen.timeAt(first - 1) === seen.timeAt(first)) first--;
    return last < 0 ? [] : rangeOf(seen, first, last);
  }

  /** The lowest bid and the highest ask from the named quote to the last one at or before the time; undefined when it was not seen. */
  rangeSince(ref: { readonly symbol: string; readonly msgId: string; readonly digest: Uint8Array }, timeMs: number) {
    const seen = this.#seen(ref.symbol);
    const from = seen.indexOf(ref.msgId);
    if (from < 0) return undefined;
    const named = seen.at(from);
    if (Buffer.compare(named.ref.digest ?? nothing, ref.digest) !== 0) return undefined;
    const since = rangeOf(seen, from + 1, seen.length - 1).filter((quote) => quote.eventTimeMs <= timeMs);
    return {
      low: since.reduce<Price>((low, { bid }) => (compare(bid, low) < 0 ? bid : low), named.bid),
      high: since.reduce<Price>((high, { ask }) => (compare(ask, high) > 0 ? ask : high), named.ask),
    };
  }

  #seen(symbol: string): Quotes {
    return this.#bySymbol.get(symbol) ?? none;
  }
}

function rangeOf(quotes: Quotes, first: number, last: number): readonly SeenQuote[] {
  return Array.from({ length: last - first + 1 }, (_, n) => quotes.at(first + n));
}

const none = new Quotes("", 1);
const nothing = new Uint8Array(0);
