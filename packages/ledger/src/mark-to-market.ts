import { price, product, quantity } from "@countersign/orders";
import type { Mark } from "./marks.ts";
import { balanceOf, moneyLedger, type TrialBalance } from "./postings.ts";

/**
 * The money identity's left side: cash + Σ position × mark, from the postings alone. It knows no cost, no fill and no deposit, and
 * shares no arithmetic with `performance.ts`. Units of the money scale; undefined when an open position has no mark.
 */
export function markToMarket(totals: TrialBalance, marks: readonly Mark[], currency: string): bigint | undefined {
  const ledger = moneyLedger(currency);
  const cash = totals[ledger]?.cash;
  if (cash === undefined) return undefined;
  let equity = balanceOf(totals, ledger, "cash");
  for (const [name, accounts] of Object.entries(totals)) {
    const held = balanceOf(totals, name, "holdings");
    if (accounts.holdings === undefined || held === 0n) continue;
    const mark = marks.find(({ symbol }) => name === `quantity:${symbol}`);
    if (mark === undefined) return undefined;
    const at = price(mark.price.units, mark.price.scale);
    equity += product(at, quantity(held, accounts.holdings.scale), cash.scale, "half-even").units;
  }
  return equity;
}
