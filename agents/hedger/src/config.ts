import type { Instrument, Mode } from "@countersign/orders";
import type { AccountReading } from "@countersign/proposer";

export interface HedgerConfig {
  readonly reading: AccountReading;
  readonly venue: string;
  readonly mode: Mode;
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** What is hedged with; undefined: nothing is hedged, and every quote says so. */
  readonly hedgeSymbol: string | undefined;
  /** Pairs of returns the regression looks back on: 60. */
  readonly window: number;
  /** Share of the variance that the hedge must remove for certain (the lower 95 % bound of ρ²): 0.1. */
  readonly effectivenessMin: number;
  /** Uncovered beta exposure that is left alone, as a share of equity; in quiet, and while volatility is up. */
  readonly band: number;
  readonly bandInStress: number;
  readonly bandDeviations: number;
}
