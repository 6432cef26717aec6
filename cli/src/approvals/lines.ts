/** What a person sees of orders that wait. */
import type { Asked, Verdict } from "@countersign/platform";
import { shortId } from "../short-id.ts";

export function askedLines(asked: Asked, nowMs: number): readonly string[] {
  const { approvalId, words, why, expiresAtMs, needed, approvedBy } = asked;
  const seconds = Math.max(0, Math.ceil((expiresAtMs - nowMs) / 1_000));
  const said = approvedBy.length === 0 ? "" : `, ${approvedBy.join(", ")} said yes`;
  const id = shortId(approvalId);
  return [
    `${id}  ${words}`,
    `${" ".repeat(id.length)}  because ${why}`,
    `${" ".repeat(id.length)}  ${seconds} s left; ${needed} ${needed === 1 ? "person is" : "persons are"} needed${said}`,
  ];
}

/** @param verdict undefined where nothing was heard */
export function outcomeLine({ approvalId, needed }: Asked, approve: boolean, verdict: Verdict | undefined): string {
  const id = shortId(approvalId);
  const word = approve ? "approved" : "rejected";
  if (verdict?.isPermitted === true) return `${id}  ${word}: Policy has permitted it, ${verdict.explanation}`;
  if (verdict !== undefined) return `${id}  ${word}: the order is over, ${verdict.code}: ${verdict.explanation}`;
  const others = approve && needed > 1 ? `${needed} persons are needed, or ` : "";
  return `${id}  ${word}, and on record; ${others}Policy has not said anything yet: see ./countersign approvals`;
}
