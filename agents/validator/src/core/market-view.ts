/**
 * The market as this validator's own feed shows it: what a fill's price and an entry's marks are judged by. It keeps the last quotes of
 * each symbol; a fill against an older one cannot be judged, and unknown is no.
 */
import type { Quote } from "@countersign/contracts";
import type { LastQuote } from "@countersign/ledger";
import { compare, type Price, price } from "@countersign/orders";
import type { MarketRef } from "@countersign/runtime";

interface SeenQuote extends LastQuote {
  readonly eventTimeMs: number;
}

export class MarketView {
  readonly #bySymbol = new Map<string, SeenQuote[]>();
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
    const seen = this.#bySymbol.get(symbol) ?? [];
    this.#bySymbol.set(symbol, seen);
    seen.push({
      bid: price(bidUnits, priceScale),
      ask: price(askUnits, priceScale),
      ref: { $typeName: "countersign.v1.QuoteRef", symbol, msgId, seq, digest },
      eventTimeMs: Number(eventTimeMs),
    });
    // Twice as many before half are dropped: an array gives up its front at the cost of its length.
    if (seen.length >= 2 * this.#quotesMax) seen.splice(0, seen.length - this.#quotesMax);
  }

  /** The last accepted quote at or before the time. */
  lastAt(symbol: string, timeMs: number): LastQuote | undefined {
    return this.#bySymbol.get(symbol)?.findLast((quote) => quote.eventTimeMs <= timeMs);
  }

  /** Whether the feed has come to this time. */
  hasReached(symbol: string, timeMs: number): boolean {
    const last = this.#bySymbol.get(symbol)?.at(-1);
    return last !== undefined && last.eventTimeMs >= timeMs;
  }

  /** Whether the feed has brought this quote; of those that are kept. */
  hasSeen(symbol: string, msgId: string): boolean {
    return this.#bySymbol.get(symbol)?.findLast(({ ref }) => ref.msgId === msgId) !== undefined;
  }

  /**
   * The accepted quotes that were the last one at the time or, for a feed that is behind or ahead of this one, within the lag of it.
   * Quotes of one millisecond have no order between processes: each of them was the last.
   */
  lastWithin(symbol: string, timeMs: number): readonly LastQuote[] {
    const seen = this.#bySymbol.get(symbol) ?? [];
    const last = seen.findLastIndex((quote) => quote.eventTimeMs <= timeMs + this.#lagMs);
    let first = last;
    while (first > 0 && seen[first]!.eventTimeMs > timeMs - this.#lagMs) first--;
    while (first > 0 && seen[first - 1]!.eventTimeMs === seen[first]!.eventTimeMs) first--;
    return last < 0 ? [] : seen.slice(first, last + 1);
  }

  /** The lowest bid and the highest ask from the named quote to the last one at or before the time; undefined when it was not seen. */
  rangeSince(ref: { readonly symbol: string; readonly msgId: string; readonly digest: Uint8Array }, timeMs: number) {
    const seen = this.#bySymbol.get(ref.symbol) ?? [];
    const from = seen.findLastIndex((quote) => quote.ref.msgId === ref.msgId);
    const named = seen[from];
    if (named === undefined || Buffer.compare(named.ref.digest ?? nothing, ref.digest) !== 0) return undefined;
    const since = seen.slice(from + 1).filter((quote) => quote.eventTimeMs <= timeMs);
    return {
      low: since.reduce<Price>((low, { bid }) => (compare(bid, low) < 0 ? bid : low), named.bid),
      high: since.reduce<Price>((high, { ask }) => (compare(ask, high) > 0 ? ask : high), named.ask),
    };
  }
}

const nothing = new Uint8Array(0);
