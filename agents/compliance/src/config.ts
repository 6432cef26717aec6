import type { Mode } from "@countersign/contracts";
import type { Keys, Signer } from "@countersign/envelope";
import type { Instrument } from "@countersign/orders";

export interface ComplianceConfig {
  /** The key that signs checkpoints, and nothing else. */
  readonly signer: Signer;
  /** Whose figures are kept. The log is of everybody. */
  readonly account: string;
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** Votes over ledger entries are checked with these. */
  readonly keys: Keys;
  readonly mode: Mode;
  /** Of returns: a day of 252 a year, if nothing else is said. */
  readonly period?: Period;
}

/** Periods begin at multiples of their length, by the market's own time, and count when they had a quote. */
export interface Period {
  readonly lengthMs: number;
  readonly perYear: number;
}

/** Trading days of the US stock exchanges. */
export const DAILY: Period = { lengthMs: 86_400_000, perYear: 252 };
