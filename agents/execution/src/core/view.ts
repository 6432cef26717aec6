import { create } from "@bufbuild/protobuf";
import { type QuoteRef, QuoteRefSchema } from "@countersign/contracts";
import { MAX_SCALE, type Price, price } from "@countersign/orders";
import type { MarketMessage, MarketRef, ViewOf } from "@countersign/runtime";

/** The accepted quotes of each symbol. Changed in place: a day has hundreds of thousands of them. */
export interface MarketView {
  /** The last ones, oldest first: a fill that is heard of late is marked as of its time. */
  readonly quotes: Map<string, SeenQuote[]>;
}

/** Of each symbol: some minutes of a busy market. */
const RECENT_MAX = 4_096;
/** In a snapshot: what came after it is read again. */
const RECENT_KEPT = 64;

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
    if (seen !== undefined) see(view, seen);
    return undefined;
  },
  snapshot: (view) => [...view.quotes.values()].flatMap((quotes) => quotes.slice(-RECENT_KEPT)),
  restore(snapshot) {
    const view: MarketView = { quotes: new Map() };
    for (const quote of snapshot as readonly SeenQuote[]) see(view, quote);
    return view;
  },
};

function see({ quotes }: MarketView, quote: SeenQuote): void {
  let seen = quotes.get(quote.symbol);
  if (seen === undefined) {
    seen = [];
    quotes.set(quote.symbol, seen);
  }
  seen.push(quote);
  // Twice as many before half are dropped: an array gives up its front at the cost of its length.
  if (seen.length >= 2 * RECENT_MAX) seen.splice(0, seen.length - RECENT_MAX);
}

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
