/** The last quote of each symbol, as a view folds it: what a decision sees, and can name as evidence. */
import { create } from "@bufbuild/protobuf";
import { type Quote, type QuoteRef, QuoteRefSchema } from "@countersign/contracts";
import type { LastQuote } from "@countersign/ledger";
import { price } from "@countersign/orders";
import type { MarketMessage, MarketRef } from "@countersign/runtime";

interface Seen {
  readonly bid: bigint;
  readonly ask: bigint;
  readonly scale: number;
  readonly ref: MarketRef;
}

export class Quotes {
  readonly #last = new Map<string, Seen>();

  /** A quote that names no price takes the one before with it: the market has none now. */
  fold({ type, value, ref }: MarketMessage): void {
    if (type !== "market.quote" || !value.symbol) return;
    const seen = readQuote(value, ref);
    if (seen === undefined) this.#last.delete(value.symbol);
    else this.#last.set(value.symbol, seen);
  }

  /** Undefined when there is none: nobody may think of a price. */
  last(symbol: string): LastQuote | undefined {
    const seen = this.#last.get(symbol);
    if (seen === undefined) return undefined;
    const { bid, ask, scale, ref } = seen;
    return { bid: price(bid, scale), ask: price(ask, scale), ref: refOf(symbol, ref) };
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

/** Undefined unless both sides are there: a bid of zero is how a one-sided market says that it has none. */
function readQuote({ bidUnits, askUnits, priceScale }: Quote, ref: MarketRef): Seen | undefined {
  if (bidUnits === undefined || askUnits === undefined || priceScale === undefined) return undefined;
  if (bidUnits <= 0n || askUnits < bidUnits) return undefined; // P10.proposer-quote
  return { bid: bidUnits, ask: askUnits, scale: priceScale, ref };
}

function refOf(symbol: string, { msgId, seq, digest }: MarketRef): QuoteRef {
  return create(QuoteRefSchema, { symbol, msgId, seq, digest });
}
