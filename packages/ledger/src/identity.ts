import { type Money, money } from "@countersign/orders";
import { markToMarket } from "./mark-to-market.ts";
import type { Mark } from "./marks.ts";
import { type Performance, performance } from "./performance.ts";
import { moneyLedger, type TrialBalance } from "./postings.ts";

/**
 * - `MISSING_MARK`: an open position has no mark in the entry
 * - `IDENTITY_BROKEN`: the two computations differ: one of them, or what they were fed, is wrong
 */
export type IdentityFault = "MISSING_MARK" | "IDENTITY_BROKEN";

export type Identity =
  | { readonly ok: true; readonly equity: Money }
  | { readonly ok: false; readonly code: IdentityFault; readonly text: string };

/**
 * Whether cash + Σ position × mark equals deposits + realised + unrealised − fees, to the unit, by two computations that share
 * no code, at the marks that the entry names. Holds after every entry, or the books are wrong.
 */
export function checkIdentity(
  totals: TrialBalance,
  past: Performance,
  marks: readonly Mark[],
  currency: string,
): Identity {
  const left = markToMarket(totals, marks, currency);
  const right = performance(past, marks);
  if (left === undefined || right === undefined)
    return { ok: false, code: "MISSING_MARK", text: "an open position has no mark, or nothing was deposited" };
  const scale = totals[moneyLedger(currency)]?.cash?.scale;
  if (left !== right || scale === undefined || scale !== past.moneyScale)
    return { ok: false, code: "IDENTITY_BROKEN", text: `marked to market ${left}, by performance ${right}` };
  return { ok: true, equity: money(left, scale, currency) };
}
