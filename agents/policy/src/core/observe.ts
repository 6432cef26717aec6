import { equityOf, type Mark } from "@countersign/ledger";
import type { Equity, PolicyState } from "./state.ts";
import type { PolicyView } from "./view.ts";

/**
 * Equity as it is now, its peak, and the day. Done before every decision and after every bar, so that a peak between two orders is
 * seen. The day begins with the last equity known on an earlier one: a loss overnight is the day's. While a mark is missing
 * equity stays what it was; whoever needs it to be right finds the mark missing himself.
 */
export function observe(state: PolicyState, view: PolicyView, nowMs: number): PolicyState {
  const { equity } = state;
  if (equity === undefined) return state;
  const rolled = rollDay(equity, nowMs);
  const now = equityNow(state, view);
  const next =
    now === undefined || now === rolled.last
      ? rolled
      : { ...rolled, last: now, peak: now > rolled.peak ? now : rolled.peak };
  if (next === equity) return state;
  if (next.date === equity.date) return { ...state, equity: next };
  return { ...state, equity: next, families: liveFamilies(state, nowMs) };
}

/** A deposit is no gain: it moves everything that gains and losses are measured from. */
export function depositEquity(equity: Equity | undefined, amount: bigint, nowMs: number): Equity {
  if (equity === undefined) return { last: amount, peak: amount, dayStart: amount, date: dateOf(nowMs), turnover: {} };
  const { last, peak, dayStart, ...day } = rollDay(equity, nowMs);
  return { last: last + amount, peak: peak + amount, dayStart: dayStart + amount, ...day };
}

function rollDay(equity: Equity, nowMs: number): Equity {
  const date = dateOf(nowMs);
  return date === equity.date ? equity : { ...equity, date, dayStart: equity.last, turnover: {} };
}

function equityNow({ book }: PolicyState, view: PolicyView): bigint | undefined {
  const marks: Mark[] = [];
  for (const { symbol, quantity } of Object.values(book.positions)) {
    const quote = view.symbols.get(symbol)?.quote;
    if (quote === undefined) return undefined;
    marks.push({ symbol, price: quantity.units > 0n ? quote.bid : quote.ask, quote: quote.ref });
  }
  return equityOf(book, marks)?.units;
}

/** Those with an order that still lives, or one of the last day. Execution's own count is not this one, and stays. */
function liveFamilies({ families, orders }: PolicyState, nowMs: number): PolicyState["families"] {
  const live = new Set(Object.values(orders).map(({ parent }) => parent));
  return Object.fromEntries(
    Object.entries(families).filter(([parent, { atMs }]) => live.has(parent) || nowMs - atMs < DAY_MS),
  );
}

function dateOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS);
}

const DAY_MS = 86_400_000;
