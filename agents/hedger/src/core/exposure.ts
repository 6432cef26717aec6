import type { Worth } from "@countersign/proposer";
import type { HedgerView } from "./view.ts";

/** What of the book the hedge could cover, in the account's currency. */
export interface Exposure {
  /** Σ β × value: what the positions gain when the hedge gains once its value. Negative for shorts of what moves with it. */
  readonly value: number;
  /** Σ |value| of what is covered. */
  readonly gross: number;
  /** Of what is covered, weighted by |value|. */
  readonly beta: number;
  /** The least of what is covered. */
  readonly effectiveness: number;
}

/**
 * A symbol without a believable beta is not covered: it counts as no exposure because nothing is known to offset it, not because it is
 * riskless.
 */
export function exposureOf(
  positions: Worth["positions"],
  view: Pick<HedgerView, "betaOf">,
  hedgeSymbol: string,
): Exposure {
  let [value, gross, weighted, effectiveness] = [0, 0, 0, 1];
  for (const [symbol, worth] of Object.entries(positions)) {
    const known = symbol === hedgeSymbol ? undefined : view.betaOf(symbol);
    if (known === undefined) continue;
    if (!known.isBelieved) continue; // P10.hedger-beta
    value += known.beta * worth;
    gross += Math.abs(worth);
    weighted += known.beta * Math.abs(worth);
    effectiveness = Math.min(effectiveness, known.effectiveness);
  }
  return gross === 0 ? nothing : { value, gross, beta: weighted / gross, effectiveness };
}

const nothing: Exposure = { value: 0, gross: 0, beta: 0, effectiveness: 0 };
