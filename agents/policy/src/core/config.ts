import type { Keys } from "@countersign/envelope";
import type { Instrument, Mode } from "@countersign/orders";
import type { Members } from "@countersign/quorum";
import type { Limits } from "./limits.ts";

/** What one Policy is made of. It guards one account: its state is that account's aggregate. */
export interface PolicyConfig {
  readonly account: string;
  readonly mode: Mode;
  readonly limits: Limits;
  /** By symbol. */
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** What the control log grants: read for approvals, votes, and Policy's own permit key. */
  readonly keys: Keys;
  /** Of the key that signs permits: see edge/sign-permit.ts. */
  readonly permitKeyid: string;
  /** Whose votes certify an entry of the ledger or the control log. */
  readonly members: Members;
}
