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
  /** By symbol and msg_id, the oldest first. */
  readonly recent: Map<string, Map<string, SeenQuote>>;
  /** By symbol, of the last few periods in which it was quoted: the last quote, undefined where the market had none then. */
  readonly closings: Map<string, Closing[]>;
  /** Counted from 1970; undefined before the first quote. */
  period: number | undefined;
}

interface Closing {
  readonly period: number;
  readonly quote: SeenQuote | undefined;
}

/** What a trigger says: a period is over. */
export interface PeriodOver {
  readonly period: number;
}

/** The end of a period, with the last quotes in it, by symbol. */
export interface PeriodEnd {
  readonly timeMs: number;
  readonly quotes: Readonly<Record<string, SeenQuote>>;
}

export const PERIOD = "period";

/** Of each symbol: a decision names the quote it saw, and its order is on record in the same step or a few quotes later. */
const RECENT_MAX = 512;
/** A symbol that is read later than another may be some periods behind it. */
const CLOSINGS_MAX = 4;

export function marketView({ lengthMs }: Period): ViewOf<MarketView> {
  const create = (): MarketView => ({ last: new Map(), recent: new Map(), closings: new Map(), period: undefined });
  return {
    create,
    fold: (view, message) => (message.type === "market.quote" ? foldQuote(view, message, lengthMs) : undefined),
    snapshot: ({ last, recent, closings, period }) => ({
      last: [...last],
      recent: [...recent].map(([symbol, quotes]) => [symbol, [...quotes]]),
      closings: [...closings],
      period,
    }),
    restore: (snapshot) => {
      const { last, recent, closings, period } = snapshot as Saved;
      return {
        last: new Map(last),
        recent: new Map(recent.map(([symbol, quotes]) => [symbol, new Map(quotes)])),
        closings: new Map(closings.map(([symbol, all]) => [symbol, [...all]])),
        period,
      };
    },
  };
}

interface Saved {
  readonly last: readonly (readonly [string, SeenQuote])[];
  readonly recent: readonly (readonly [string, readonly (readonly [string, SeenQuote])[]])[];
  readonly closings: readonly (readonly [string, readonly Closing[]])[];
  readonly period?: number;
}

/** The last quote of each symbol in the period or before it, as far as this view has read. */
export function periodEnd({ closings }: MarketView, { period }: PeriodOver, { lengthMs }: Period): PeriodEnd {
  const quotes: Record<string, SeenQuote> = {};
  for (const [symbol, all] of closings) {
    const quote = all.findLast((closing) => closing.period <= period)?.quote;
    if (quote !== undefined) quotes[symbol] = quote;
  }
  return { timeMs: (period + 1) * lengthMs - 1, quotes };
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
  const { eventTimeMs, symbol } = message.value;
  if (eventTimeMs === undefined || !symbol) return undefined;
  const period = Math.floor(Number(eventTimeMs) / lengthMs);
  const quote = rememberQuote(view.last, message);
  close(view.closings, symbol, { period, quote });
  if (quote !== undefined) remember(view.recent, symbol, message.ref.msgId, quote);
  return endPeriod(view, period);
}

function remember(recent: MarketView["recent"], symbol: string, msgId: string, quote: SeenQuote): void {
  const quotes = recent.get(symbol) ?? new Map<string, SeenQuote>();
  recent.set(symbol, quotes);
  quotes.set(msgId, quote);
  if (quotes.size > RECENT_MAX) quotes.delete(quotes.keys().next().value ?? "");
}

function close(closings: MarketView["closings"], symbol: string, closing: Closing): void {
  const all = closings.get(symbol) ?? [];
  closings.set(symbol, all);
  const last = all.at(-1);
  if (last !== undefined && last.period >= closing.period) all.pop();
  all.push(last !== undefined && last.period > closing.period ? { ...closing, period: last.period } : closing);
  if (all.length > CLOSINGS_MAX) all.shift();
}

function endPeriod(view: MarketView, period: number): Trigger | undefined {
  const before = view.period;
  if (before !== undefined && period <= before) return undefined;
  view.period = period;
  if (before === undefined) return undefined;
  const data: PeriodOver = { period: before };
  return { name: PERIOD, data };
}
