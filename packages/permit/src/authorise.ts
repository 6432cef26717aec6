/**
 * The venue gate's decision: may this order be written to its venue, now? Pure and synchronous; made directly before the write,
 * from the intent's bytes and what this process knows for itself. Whatever Policy, the bus or the caller say beside the permit
 * is not asked.
 */
import { type FenceState, haltCovering, type Signed } from "@countersign/contracts";
import { isRevoked, type Keys, openPayload } from "@countersign/envelope";
import { type Mode, type Money, modes, type Order, orderFromIntent, sameOrder } from "@countersign/orders";
import { checkApprovals } from "./approval.ts";
import { haltSubject } from "./halt-subject.ts";
import { intentDigest, type Permit, readPermit } from "./permit.ts";
import { type GateRefusal, refuse } from "./refusal.ts";
import { type Held, reducesRisk } from "./risk-reducing.ts";

export interface Attempt {
  /** The intent's bytes, as the proposer wrote them: D is their digest. */
  readonly intentBytes: Uint8Array;
  /** What the adapter is about to write, field by field. */
  readonly order: Order;
  readonly permit: Signed | undefined;
  /** The signed approvals that travel with the permit. Every one has to be good. */
  readonly approvals: readonly Signed[];

  // What this process knows for itself.

  /** The keys that the control log grants. */
  readonly keys: Keys;
  /** The sender whose permits count, as the control log names Policy. */
  readonly policy: string;
  /** The mode this process runs in. */
  readonly mode: Mode;
  /** Decision time, ms. */
  readonly nowMs: number;
  /** Epoch and halts in force, of the control log and of this process's own latches. */
  readonly fence: FenceState;
  /** Is the fence younger than its lease? In embedded replay, where leases are counted and not timed: always. */
  readonly fenceFresh: boolean;
  /** Has another order consumed this permit, or has this order been written before? */
  readonly spent: (permitId: string) => boolean;
  /** Execution's own configuration, which Policy cannot change. */
  readonly ceiling: Ceiling;
  /** Notional of all children of this order's parent that were ever accepted, this order included. */
  readonly parentNotional: Money;
  /** The order's symbol in the account's book. Undefined unless the book is reconciled: then nothing is proved. */
  readonly held: Held | undefined;
}

export interface Ceiling {
  /** How many persons have to approve the order; 0 below the ceiling. */
  approvalsNeeded(order: Order, parentNotional: Money): number;
}

export interface Authorised {
  readonly ok: true;
  readonly permit: Permit;
  readonly approvers: readonly string[];
}

/** The order may be written, once; or the first reason why not. Throws only what `spent` and `ceiling` throw. */
export function authorise(attempt: Attempt): Authorised | GateRefusal {
  const { intentBytes, order, nowMs, fence, keys } = attempt;
  const made = orderFromIntent(intentBytes);
  if (!made.ok) return refuse("INTENT_MALFORMED", made.text);
  const altered = sameOrder(made.order, order);
  if (altered !== undefined) return refuse("ORDER_ALTERED", altered); // P01.order
  if (order.mode !== attempt.mode) return refuse("WRONG_MODE", order.mode); // P01.mode

  if (attempt.permit === undefined) return refuse("PERMIT_MISSING"); // P01.permit
  const reading = { keys, mode: modes.toWire(attempt.mode), nowMs };
  const opened = openPayload(attempt.permit, "permit", reading);
  if (isRevoked(opened)) return refuse("PERMIT_KEY_REVOKED"); // P01.permit-revoked
  if (!opened.ok || opened.key.sender !== attempt.policy) return refuse("PERMIT_FORGED"); // P01.permit-key
  const permit = readPermit(opened.payload);
  if (permit === undefined) return refuse("PERMIT_MALFORMED");
  const digest = intentDigest(intentBytes);
  if (Buffer.compare(permit.intentDigest, digest) !== 0) return refuse("PERMIT_OTHER_INTENT"); // P01.digest
  if (!(nowMs < permit.expiresAtMs)) return refuse("PERMIT_EXPIRED"); // P01.expired
  if (attempt.spent(permit.permitId)) return refuse("PERMIT_SPENT"); // P01.spent

  if (!attempt.fenceFresh) return refuse("FENCE_STALE"); // P03.fresh
  // Before the epoch, which a halt has changed as well: who is stopped should hear that it is a halt.
  const halt = haltCovering(fence, haltSubject(order));
  if (halt !== undefined && !reducesRisk(order, attempt.held)) return refuse("HALTED", halt.id); // P03.halt
  if (permit.haltEpoch !== fence.epoch) return refuse("PERMIT_OLD_EPOCH", `${permit.haltEpoch}`); // P01.epoch

  const needed = attempt.ceiling.approvalsNeeded(order, attempt.parentNotional);
  const approved = checkApprovals({
    ...reading,
    order,
    intentDigest: digest,
    approvals: attempt.approvals,
    needed,
    fence,
    notional: attempt.parentNotional,
  });
  if (!approved.ok) return approved;
  const missing = permit.approvalIds.find((id) => !approved.approvalIds.includes(id));
  if (missing !== undefined) return refuse("APPROVAL_MISSING", missing); // P01.approvals-named
  return { ok: true, permit, approvers: approved.approvers };
}
