/** What somebody did about something that is not known, in words that name who says it. */
import type { DecisionMade, OrderRejected } from "@countersign/contracts";
import type { Effect } from "@countersign/runtime";

/** What comes of it: who refuses with which code, or what is asked or ordered. Who throws has refused nothing. */
export function said(act: () => readonly Effect[]): readonly string[] {
  try {
    return act().flatMap(wordsOf);
  } catch (error) {
    return [`throws ${String(error)}`];
  }
}

/** What Policy's own words begin with. */
export const permitted = "policy permits";
export const asksHedger = "asks HedgerService.Quote";
export const asksPolicy = "asks PolicyService.Validate";

function wordsOf(effect: Effect): readonly string[] {
  if (effect.kind === "call") return [`asks ${effect.call}`];
  if (effect.kind !== "publish") return [];
  if (effect.type === "permit.issued") return [permitted];
  if (effect.type === "order.rejected") return [`policy refuses: ${(effect.payload as OrderRejected).code}`];
  if (effect.type !== "decision.made") return [`says ${effect.type}`];
  return [`${effect.key} drops it: ${(effect.payload as DecisionMade).decision}`];
}
