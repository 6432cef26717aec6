import type { Desk } from "@countersign/proposer";

export interface HedgerConfig extends Desk {
  /** What is hedged with, and what nobody else may trade in this account; undefined: nothing is hedged, and every quote says so. */
  readonly hedgeSymbol: string | undefined;
  /** Pairs of returns the regression looks back on: 60. */
  readonly window: number;
  /** Share of the variance that the hedge must remove for certain (the lower 95 % bound of ρ²): 0.1. It is given up below half of it. */
  readonly effectivenessMin: number;
  /** Uncovered beta exposure that is left alone, as a share of equity; in quiet, and while volatility is up. */
  readonly band: number;
  readonly bandInStress: number;
  /** An order's price band: so many deviations of one bar's return on either side of the touch. */
  readonly bandDeviations: number;
}
