import type { Keys } from "@countersign/envelope";
import type { Instrument, Mode } from "@countersign/orders";
import type { Members } from "@countersign/quorum";

/** What a proposer is told once, at start: for whom, where and in what it asks for orders, and whom it believes. */
export interface Desk {
  readonly account: string;
  readonly venue: string;
  readonly mode: Mode;
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** As the control log grants them. */
  readonly keys: Keys;
  /** Whose votes certify an entry of the ledger. */
  readonly members: Members;
}
