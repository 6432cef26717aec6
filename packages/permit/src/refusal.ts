/** Why the venue gate refuses, in the order of its checks. */
const texts = {
  INTENT_MALFORMED: "the intent's bytes make no order",
  ORDER_ALTERED: "what is to be written is not the order that the intent makes",
  WRONG_MODE: "the order is for another mode",
  PERMIT_MISSING: "there is no permit",
  PERMIT_FORGED: "the permit is not signed by Policy, with a key granted for permits in this mode",
  PERMIT_KEY_REVOKED: "the permit is signed with a key that was taken away from Policy",
  PERMIT_MALFORMED: "the permit lacks a field",
  PERMIT_OTHER_INTENT: "the permit is for another intent",
  PERMIT_EXPIRED: "the permit has expired",
  PERMIT_SPENT: "the permit was used before",
  PERMIT_OLD_EPOCH: "the permit is of another halt epoch",
  FENCE_STALE: "the control log has been silent for longer than the lease",
  HALTED: "a halt is in force",
  APPROVAL_FORGED: "an approval is not signed by a person, with a key granted for approvals in this mode",
  APPROVAL_KEY_REVOKED: "an approval is signed with a key that was taken away",
  APPROVAL_MALFORMED: "an approval lacks a field, or names another approver than its signer",
  APPROVAL_OTHER_INTENT: "an approval is for another intent",
  APPROVAL_REJECTED: "a person has rejected the order",
  APPROVAL_EXPIRED: "an approval has expired",
  APPROVAL_OLD_EPOCH: "an approval is of another halt epoch",
  APPROVER_IS_PROPOSER: "the approver has proposed the order",
  APPROVER_IS_PRINCIPAL: "the order is the approver's own",
  APPROVERS_NOT_DISTINCT: "one person has approved twice",
  APPROVER_ROLE_MISSING: "the approver has no role that may approve",
  APPROVER_AMOUNT: "the order is larger than the approver may approve",
  PROPOSER_IS_PRINCIPAL: "an order that needs approvals has one party as proposer and principal",
  APPROVAL_MISSING: "fewer persons have approved than have to",
} as const;

export type GateCode = keyof typeof texts;

export interface GateRefusal {
  readonly ok: false;
  readonly code: GateCode;
  readonly place: "gate";
  /** One sentence for a person. */
  readonly text: string;
}

/** The closed list of codes. */
export const gateCodes: readonly GateCode[] = Object.keys(texts) as GateCode[];

export function refuse(code: GateCode, detail?: string): GateRefusal {
  return { ok: false, code, place: "gate", text: detail === undefined ? texts[code] : `${texts[code]}: ${detail}` };
}
