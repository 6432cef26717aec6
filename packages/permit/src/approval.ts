/** An approval: one person's signature over one intent, and what a set of them is worth. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ApprovalSchema, Decision, type FenceState, type Signed } from "@countersign/contracts";
import {
  isRevoked,
  type KeyRecord,
  mayDo,
  openPayload,
  type PayloadReading,
  type Signer,
  signPayload,
} from "@countersign/envelope";
import { compare, type Money, moneyFromWire, type Order } from "@countersign/orders";
import { type GateRefusal, refuse } from "./refusal.ts";

export interface Approval {
  /** `intentDigest` of the intent's bytes. */
  readonly intentDigest: Uint8Array;
  /** The request that it answers; several persons may answer one. */
  readonly approvalId: string;
  readonly decision: Decision;
  /** Of the fence when it was given: another epoch voids it. */
  readonly haltEpoch: bigint;
  /** Decision time, ms: refused from then on. */
  readonly expiresAtMs: number;
  /** The person, as the control log names the key's sender. */
  readonly approver: string;
}

/** The signer's key has to be granted to this person for approvals. */
export function signApproval(approval: Approval, signer: Signer): Signed {
  const fields = { ...approval, expiresAtMs: BigInt(approval.expiresAtMs) };
  return signPayload("approval", toBinary(ApprovalSchema, create(ApprovalSchema, fields)), signer);
}

/** The approval in the signed bytes, or undefined when they are none or a field is missing. Never throws. */
export function readApproval(payload: Uint8Array): Approval | undefined {
  const approval = decoded(payload);
  if (approval === undefined) return undefined;
  const { intentDigest, approvalId, decision, haltEpoch, expiresAtMs, approver } = approval;
  if (intentDigest?.length !== 32 || !approvalId || !approver || !decision) return undefined;
  if (haltEpoch === undefined || expiresAtMs === undefined) return undefined;
  return { intentDigest, approvalId, decision, haltEpoch, expiresAtMs: Number(expiresAtMs), approver };
}

/** A person's own word; undefined when it does not verify, or is in another's name. Whether it counts is for `checkApprovals`. */
export function openApproval(signed: Signed, reading: PayloadReading): Approval | undefined {
  const opened = openPayload(signed, "approval", reading);
  if (!opened.ok || !opened.key.person) return undefined;
  const approval = readApproval(opened.payload);
  return approval?.approver === opened.key.sender ? approval : undefined;
}

export interface ApprovalsCheck extends PayloadReading {
  readonly order: Pick<Order, "proposer" | "principal">;
  readonly intentDigest: Uint8Array;
  readonly approvals: readonly Signed[];
  /** How many persons have to have approved. */
  readonly needed: number;
  readonly fence: FenceState;
  /** What the order and its siblings may cost. Undefined where roles are not asked: a fill whose order was approved has happened. */
  readonly notional: Money | undefined;
}

export interface Approved {
  readonly ok: true;
  /** In the order of their approvals. */
  readonly approvers: readonly string[];
  readonly approvalIds: readonly string[];
}

/** Every approval has to be good, and there have to be enough of them. Nothing else makes a person's word. */
export function checkApprovals(check: ApprovalsCheck): Approved | GateRefusal {
  const { order, intentDigest, approvals, needed, fence, nowMs, notional } = check;
  const approvers: string[] = [];
  const approvalIds: string[] = [];
  for (const signed of approvals) {
    const opened = openPayload(signed, "approval", check);
    if (isRevoked(opened)) return refuse("APPROVAL_KEY_REVOKED"); // P02.revoked
    if (!opened.ok || !opened.key.person) return refuse("APPROVAL_FORGED"); // P01.approval-key
    const approval = readApproval(opened.payload);
    if (approval === undefined) return refuse("APPROVAL_MALFORMED");
    const { approver } = approval;
    if (approver !== opened.key.sender) return refuse("APPROVAL_MALFORMED"); // P02.signer
    if (!sameBytes(approval.intentDigest, intentDigest)) return refuse("APPROVAL_OTHER_INTENT"); // P01.approval-digest
    if (approval.decision !== Decision.APPROVE) return refuse("APPROVAL_REJECTED", approver); // P01.approval-decision
    if (!(nowMs < approval.expiresAtMs)) return refuse("APPROVAL_EXPIRED", approver); // P02.expired
    if (approval.haltEpoch !== fence.epoch) return refuse("APPROVAL_OLD_EPOCH", approver); // P02.epoch
    if (approver === order.proposer) return refuse("APPROVER_IS_PROPOSER", approver); // P02.proposer
    if (approver === order.principal) return refuse("APPROVER_IS_PRINCIPAL", approver); // P02.principal
    if (approvers.includes(approver)) return refuse("APPROVERS_NOT_DISTINCT", approver); // P02.persons
    if (notional !== undefined) {
      if (!mayDo(opened.key, "approve")) return refuse("APPROVER_ROLE_MISSING", approver); // P02.role
      if (!reaches(opened.key, notional)) return refuse("APPROVER_AMOUNT", approver); // P02.amount
    }
    approvers.push(approver);
    approvalIds.push(approval.approvalId);
  }
  const asked = approvers.length > 0 || needed > 0;
  if (asked && order.proposer === order.principal) return refuse("PROPOSER_IS_PRINCIPAL", order.proposer); // P02.three
  const given = `${approvers.length} of ${needed}`;
  // Written so that a need that is no number is not met.
  if (!(approvers.length >= needed)) return refuse("APPROVAL_MISSING", given); // P01.approvals
  return { ok: true, approvers, approvalIds };
}

/** Whether this person's amount covers it. No amount, or one in another currency, covers nothing. */
function reaches({ standing }: KeyRecord, notional: Money): boolean {
  if (standing === undefined) return true;
  const most = moneyFromWire(standing.approvesUpTo);
  return most !== undefined && most.currency === notional.currency && compare(notional, most) <= 0;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function decoded(payload: Uint8Array) {
  try {
    return fromBinary(ApprovalSchema, payload);
  } catch {
    return undefined;
  }
}
