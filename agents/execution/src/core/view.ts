import { create } from "@bufbuild/protobuf";
import { type QuoteRef, QuoteRefSchema } from "@countersign/contracts";
import { MAX_SCALE, type Price, price } from "@countersign/orders";
import type { MarketMessage, MarketRef, ViewOf } from "@countersign/runtime";

/** The last accepted quote of each symbol. Changed in place: a day has hundreds of thousands of them. */
export interface MarketView {
  readonly quotes: Map<string, SeenQuote>;
}

/** Both sides of a quote, its time, and the name by which evidence speaks of it. Plain data. */
export interface SeenQuote {
  readonly symbol: string;
  readonly bid: Price;
  readonly ask: Price;
  readonly timeMs: number;
  readonly ref: MarketRef;
}

export const marketView: ViewOf<MarketView> = {
  create: () => ({ quotes: new Map() }),
  fold(view, message) {
    const seen = seenQuote(message);
    if (seen !== undefined) view.quotes.set(seen.symbol, seen);
    return undefined;
  },
  snapshot: (view) => [...view.quotes.values()],
  restore: (snapshot) => ({
    quotes: new Map((snapshot as readonly SeenQuote[]).map((quote) => [quote.symbol, quote])),
  }),
};

/** Undefined for what is no quote, or one in which something is missing: it is not taken for a price. */
export function seenQuote(message: MarketMessage): SeenQuote | undefined {
  if (message.type !== "market.quote") return undefined;
  const { symbol, bidUnits, askUnits, priceScale, eventTimeMs } = message.value;
  if (!symbol || bidUnits === undefined || askUnits === undefined || eventTimeMs === undefined) return undefined;
  if (priceScale === undefined || priceScale > MAX_SCALE || bidUnits <= 0n || askUnits < bidUnits) return undefined;
  const [bid, ask] = [price(bidUnits, priceScale), price(askUnits, priceScale)];
  return { symbol, bid, ask, timeMs: Number(eventTimeMs), ref: message.ref };
}

export function quoteRefToWire({ symbol, ref }: Pick<SeenQuote, "symbol" | "ref">): QuoteRef {
  return create(QuoteRefSchema, { symbol, msgId: ref.msgId, seq: ref.seq, digest: ref.digest });
}
