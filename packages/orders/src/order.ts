import { createHash } from "node:crypto";
import { negate, type Price, type Quantity } from "./fixed.ts";
import type { Mode, Side, TimeInForce } from "./words.ts";

/**
 * What is written to a venue. A market order has become a limit by the time it is one of these, so every order has a limit:
 * a LIMIT its own, the others the edge of their band.
 */
export interface Order {
  readonly account: string;
  readonly venue: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly type: "LIMIT" | "STOP";
  readonly limitPrice: Price;
  /** Of a STOP alone. */
  readonly stopPrice: Price | undefined;
  readonly bandLow: Price;
  readonly bandHigh: Price;
  readonly timeInForce: TimeInForce;
  readonly reduceOnly: boolean;
  readonly mode: Mode;
  readonly proposer: string;
  readonly principal: string;
  readonly parent: string;
  readonly intentKey: string;
  /** H("order" ‖ intent key), 32 hex digits: venues take at most 36 characters. */
  readonly clientOrderId: string;
}

/** The name of the first field in which two orders differ, or undefined when they are the same. */
export function sameOrder(a: Order, b: Order): keyof Order | undefined {
  return ORDER_FIELDS.find((field) => !sameValue(a[field], b[field]));
}

/** Positive for a buy, negative for a sell. */
export function signedQuantity(order: Pick<Order, "side" | "quantity">): Quantity {
  return order.side === "BUY" ? order.quantity : negate(order.quantity);
}

/** The id under which the venue knows the order of this intent. */
export function clientOrderId(intentKey: string): string {
  return createHash("sha256").update("order").update(intentKey).digest("hex").slice(0, 32);
}

/** Written as a record, so that a field added to Order and forgotten here does not compile. */
const FIELDS: Readonly<Record<keyof Order, true>> = {
  account: true,
  venue: true,
  symbol: true,
  side: true,
  quantity: true,
  type: true,
  limitPrice: true,
  stopPrice: true,
  bandLow: true,
  bandHigh: true,
  timeInForce: true,
  reduceOnly: true,
  mode: true,
  proposer: true,
  principal: true,
  parent: true,
  intentKey: true,
  clientOrderId: true,
};
const ORDER_FIELDS = Object.keys(FIELDS) as (keyof Order)[];

/** Same units and same scale: 1.0 and 1.00 are the same number, but not the same bytes to a venue. */
function sameValue(a: Order[keyof Order], b: Order[keyof Order]): boolean {
  if (typeof a === "object" && typeof b === "object") return a.units === b.units && a.scale === b.scale;
  return a === b;
}
