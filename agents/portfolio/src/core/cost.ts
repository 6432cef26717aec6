import type { HedgeQuote } from "@countersign/contracts";
import { moneyFromWire, type Quantity, toNumber } from "@countersign/orders";
import { midOf, roundTripCost } from "@countersign/proposer";
import type { Aim } from "./target.ts";

/** What the Hedger asks for the cover of so much, in the account's currency. */
export interface Cover {
  readonly price: number;
  readonly quantity: Quantity;
}

/**
 * Spread and fees there and back, and the cover's, as a fraction of the value that is opened: what the expected return has to beat. The
 * cover's price is taken to grow with the quantity.
 */
export function costOf({ instrument, last, trade }: Aim, cover: Cover): number {
  const opened = toNumber(trade.opens);
  const covered = (cover.price * opened) / toNumber(cover.quantity);
  return (roundTripCost(opened, last, instrument) + covered) / (opened * midOf(last));
}

/** What the Hedger asks for its cover, in the account's currency; undefined when it names no price. */
export function coverPrice({ cost }: HedgeQuote): number | undefined {
  const price = moneyFromWire(cost);
  return price === undefined ? undefined : toNumber(price);
}
