/**
 * The evidence that comes with a fill: its order's intent, permit and approvals. They are read at the time of the intent: what has
 * expired since, whose epoch has passed or whose key was revoked, does not undo a fill that happened.
 */
import type { Mode, SubmitOrder } from "@countersign/contracts";
import { type Keys, keysAsOf, openPayload } from "@countersign/envelope";
import { modes, type Order, orderFromIntent } from "@countersign/orders";
import { checkApprovals, intentDigest, readPermit } from "@countersign/permit";
import { refuse, type ValidatorRefusal } from "./refusal.ts";

export interface EvidenceReading {
  readonly keys: Keys;
  readonly mode: Mode;
  /** Of the control log: no permit is of a later one. */
  readonly epoch: bigint;
}

/** The order that was permitted, by its intent key; or why it was not. */
export function permittedOrder(
  { intent: bytes, permit: signed, approvals }: SubmitOrder,
  { keys, mode, epoch }: EvidenceReading,
): { readonly ok: true; readonly order: Order } | ValidatorRefusal {
  const made = bytes === undefined ? undefined : orderFromIntent(bytes);
  if (made === undefined || bytes === undefined) return refuse("NO_ORDER");
  if (!made.ok) return refuse("NO_ORDER", made.text);
  const { order, intent } = made;
  if (modes.toWire(order.mode) !== mode) return refuse("WRONG_MODE", order.mode);
  if (intent.decidedAtMs === undefined) return refuse("NO_ORDER", "decidedAtMs is missing");
  const nowMs = Number(intent.decidedAtMs);
  const reading = { keys: keysAsOf(keys, nowMs), mode, nowMs };

  if (signed === undefined) return refuse("PERMIT_MISSING");
  const opened = openPayload(signed, "permit", reading);
  if (!opened.ok || opened.key.sender !== "policy") return refuse("PERMIT_FORGED"); // P05.permit
  const permit = readPermit(opened.payload);
  if (permit === undefined) return refuse("PERMIT_MALFORMED");
  const digest = intentDigest(bytes);
  if (Buffer.compare(permit.intentDigest, digest) !== 0) return refuse("PERMIT_OTHER_INTENT"); // P05.intent
  if (permit.haltEpoch > epoch) return refuse("PERMIT_FUTURE_EPOCH", `${permit.haltEpoch}`);

  const fence = { epoch: permit.haltEpoch, halts: [], released: [], head: { seq: 0n, digest: "" } };
  const needed = permit.approvalIds.length > 0 ? 1 : 0;
  const approved = checkApprovals({
    ...reading,
    order,
    intentDigest: digest,
    approvals,
    needed,
    fence,
    notional: undefined,
  });
  if (!approved.ok) return refuse(approved.code, approved.text);
  const missing = permit.approvalIds.find((id) => !approved.approvalIds.includes(id));
  if (missing !== undefined) return refuse("APPROVAL_MISSING", missing); // P05.approvals
  return { ok: true, order };
}
