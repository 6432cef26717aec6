import type { Keys } from "@countersign/envelope";
import type { Instrument, Mode, Money } from "@countersign/orders";
import type { Members } from "@countersign/quorum";

/** What the core is told once, at start. */
export interface CoreConfig {
  /** The one account whose credentials this Execution holds. More accounts are more Executions. */
  readonly account: string;
  readonly mode: Mode;
  /** Who may propose what, and who signs permits and approvals: as the control log grants it. */
  readonly keys: Keys;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly ceiling: Ceiling;
  /** Who vote; asked in this order. */
  readonly members: Members;
}

/** The venue's own validity window, no longer than the fence's lease: what is stuck on the way does not trade after a halt. */
export const WINDOW_MS = 3_000;

/** Above it, over all children of one parent, persons approve, whatever Policy says. Execution's own: Policy cannot raise it. */
export interface Ceiling {
  readonly notional: Money;
  readonly persons: number;
}
