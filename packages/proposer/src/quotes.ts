/** The last quote of each symbol, as a view folds it: what a decision sees, and can name as evidence. */
import { create } from "@bufbuild/protobuf";
import { type QuoteRef, QuoteRefSchema } from "@countersign/contracts";
import type { LastQuote } from "@countersign/ledger";
import { type Price, price } from "@countersign/orders";
import type { MarketMessage, MarketRef } from "@countersign/runtime";

interface Seen {
  readonly bid: bigint;
  readonly ask: bigint;
  readonly scale: number;
  readonly timeMs: number;
  readonly ref: MarketRef;
}

export class Quotes {
  readonly #last = new Map<string, Seen>();

  fold(message: MarketMessage): void {
    if (message.type !== "market.quote") return;
    const { symbol, bidUnits, askUnits, priceScale, eventTimeMs } = message.value;
    // A quote in which something is missing is no quote: the last whole one stays, and gets older.
    if (!symbol || bidUnits === undefined || askUnits === undefined) return;
    if (priceScale === undefined || eventTimeMs === undefined) return;
    this.#last.set(symbol, {
      bid: bidUnits,
      ask: askUnits,
      scale: priceScale,
      timeMs: Number(eventTimeMs),
      ref: message.ref,
    });
  }

  /** Undefined when there was none: nobody may think of a price. */
  last(symbol: string): (LastQuote & { readonly timeMs: number }) | undefined {
    const seen = this.#last.get(symbol);
    if (seen === undefined) return undefined;
    const at = (units: bigint): Price => price(units, seen.scale);
    return { bid: at(seen.bid), ask: at(seen.ask), ref: refOf(symbol, seen.ref), timeMs: seen.timeMs };
  }

  symbols(): readonly string[] {
    return [...this.#last.keys()].sort();
  }

  /** JSON but for bigints and bytes, which the store's codec knows. */
  snapshot(): unknown {
    return [...this.#last].map(([symbol, { ref, ...seen }]) => {
      const { msgId, seq, digest } = ref;
      return { symbol, ...seen, ref: { msgId, seq, digest } };
    });
  }

  static restore(snapshot: unknown): Quotes {
    const quotes = new Quotes();
    for (const { symbol, ...seen } of snapshot as readonly (Seen & { symbol: string })[])
      quotes.#last.set(symbol, seen);
    return quotes;
  }
}

function refOf(symbol: string, { msgId, seq, digest }: MarketRef): QuoteRef {
  return create(QuoteRefSchema, { symbol, msgId, seq, digest });
}
