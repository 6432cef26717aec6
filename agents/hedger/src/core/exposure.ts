import { type Book, markPosition } from "@countersign/ledger";
import { toNumber } from "@countersign/orders";
import type { HedgerConfig } from "../config.ts";
import type { HedgerView } from "./view.ts";

/** What of the book the hedge could cover, in the account's currency. */
export interface Exposure {
  /** Σ β × value: what the positions gain when the hedge gains once its value. Negative for shorts of what moves with it. */
  readonly value: number;
  /** Σ |value| of what is covered. */
  readonly gross: number;
  /** Of what is covered, weighted by value. */
  readonly beta: number;
  /** The least of what is covered. */
  readonly effectiveness: number;
}

/**
 * Undefined when a position has no price. A symbol without a believable beta is not covered: it counts as no exposure because nothing
 * is known to offset it, not because it is riskless.
 */
export function exposureOf({ positions }: Book, view: HedgerView, { hedgeSymbol }: HedgerConfig): Exposure | undefined {
  let [value, gross, weighted, effectiveness] = [0, 0, 0, 1];
  for (const position of Object.values(positions)) {
    const { symbol, quantity } = position;
    if (symbol === hedgeSymbol) continue;
    const last = view.quotes.last(symbol);
    if (last === undefined) return undefined; // P10.hedger-price
    const beta = view.betaOf(symbol);
    if (beta === undefined || !beta.isBelieved) continue; // P10.hedger-beta
    const worth = toNumber(quantity) * toNumber(markPosition(position, last).price);
    value += beta.beta * worth;
    gross += Math.abs(worth);
    weighted += beta.beta * Math.abs(worth);
    effectiveness = Math.min(effectiveness, beta.effectiveness);
  }
  return { value, gross, beta: gross === 0 ? 0 : weighted / gross, effectiveness: gross === 0 ? 0 : effectiveness };
}
