/** The market, as far as figures need it: the last quote of each symbol, those that decisions may name, and where a period ends. */
import type { MarketMessage, Trigger, ViewOf } from "@countersign/runtime";
import type { Period } from "../config.ts";

/** Prices in units of the scale. */
export interface SeenQuote {
  readonly bid: bigint;
  readonly ask: bigint;
  readonly scale: number;
}

export interface MarketView {
  readonly last: Map<string, SeenQuote>;
  /** By msg_id, the oldest first. */
  readonly recent: Map<string, SeenQuote>;
  /** Counted from 1970; undefined before the first quote. */
  period: number | undefined;
}

/** A period is over: the last quotes in it, by symbol. */
export interface PeriodEnd {
  readonly timeMs: number;
  readonly quotes: Readonly<Record<string, SeenQuote>>;
}

export const PERIOD = "period";

/** A decision names the quote it saw, and its order is on record in the same step or a few quotes later. */
const RECENT_MAX = 512;

export function marketView({ lengthMs }: Period): ViewOf<MarketView> {
  const create = (): MarketView => ({ last: new Map(), recent: new Map(), period: undefined });
  return {
    create,
    fold: (view, message) => (message.type === "market.quote" ? foldQuote(view, message, lengthMs) : undefined),
    snapshot: ({ last, recent, period }) => ({ last: [...last], recent: [...recent], period }),
    restore: (snapshot) => {
      const { last, recent, period } = snapshot as {
        last: [string, SeenQuote][];
        recent: [string, SeenQuote][];
        period?: number;
      };
      return { last: new Map(last), recent: new Map(recent), period };
    },
  };
}

/** Takes the quote's prices over; undefined, and the symbol has none, when it says that the market has none now. */
export function rememberQuote(last: Map<string, SeenQuote>, { value }: QuoteMessage): SeenQuote | undefined {
  const { symbol, bidUnits: bid, askUnits: ask, priceScale: scale } = value;
  if (!symbol) return undefined;
  if (bid === undefined || ask === undefined || scale === undefined) {
    last.delete(symbol);
    return undefined;
  }
  const quote = { bid, ask, scale };
  last.set(symbol, quote);
  return quote;
}

type QuoteMessage = Extract<MarketMessage, { type: "market.quote" }>;

function foldQuote(view: MarketView, message: QuoteMessage, lengthMs: number): Trigger | undefined {
  const { eventTimeMs } = message.value;
  if (eventTimeMs === undefined) return undefined;
  const ended = endPeriod(view, Math.floor(Number(eventTimeMs) / lengthMs), lengthMs);
  const quote = rememberQuote(view.last, message);
  if (quote === undefined) return ended;
  view.recent.set(message.ref.msgId, quote);
  if (view.recent.size > RECENT_MAX) view.recent.delete(view.recent.keys().next().value ?? "");
  return ended;
}

/** With the quotes as they were before this one. */
function endPeriod(view: MarketView, period: number, lengthMs: number): Trigger | undefined {
  const before = view.period;
  if (before !== undefined && period <= before) return undefined;
  view.period = period;
  if (before === undefined) return undefined;
  const data: PeriodEnd = { timeMs: (before + 1) * lengthMs - 1, quotes: Object.fromEntries(view.last) };
  return { name: PERIOD, data };
}
