import type { HedgeQuote } from "@countersign/contracts";
import { moneyFromWire, toNumber } from "@countersign/orders";
import { midOf, roundTripCost } from "@countersign/proposer";
import type { Aim } from "./target.ts";

/** Spread and fees there and back, and the cover's, as a fraction of the value that is opened: what the expected return has to beat. */
export function costOf({ instrument, last, trade }: Aim, cover: number): number {
  const opened = toNumber(trade.opens);
  return (roundTripCost(opened, last, instrument) + cover) / (opened * midOf(last));
}

/** What the Hedger asks for its cover, in the account's currency; undefined when it names no price. */
export function coverPrice({ cost }: HedgeQuote): number | undefined {
  const price = moneyFromWire(cost);
  return price === undefined ? undefined : toNumber(price);
}
