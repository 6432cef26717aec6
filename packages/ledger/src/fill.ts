import type { Fill as PbFill } from "@countersign/contracts";
import {
  type Money,
  moneyFromWire,
  type Price,
  priceFromWire,
  type Quantity,
  quantityFromWire,
  type Side,
  sides,
} from "@countersign/orders";

/** What a fill means to the books: the facts that change money and positions, and the id they are known by. */
export interface BookedFill {
  readonly fillId: string;
  readonly symbol: string;
  readonly side: Side;
  /** Positive. */
  readonly quantity: Quantity;
  readonly price: Price;
  /** Negative for a rebate. */
  readonly commission: Money;
  readonly timeMs: number;
}

/** The name of the first field that is missing from the message, or the fill. */
export function fillFromWire(wire: PbFill): BookedFill | string {
  const side = sides.fromWire(wire.side);
  const quantity = quantityFromWire(wire.lastQty);
  const price = priceFromWire(wire.lastPx);
  const commission = moneyFromWire(wire.commission);
  if (!wire.fillId) return "fillId";
  if (!wire.symbol) return "symbol";
  if (side === undefined) return "side";
  if (quantity === undefined) return "lastQty";
  if (price === undefined) return "lastPx";
  if (commission === undefined) return "commission";
  if (wire.transactTimeMs === undefined) return "transactTimeMs";
  const timeMs = Number(wire.transactTimeMs);
  return { fillId: wire.fillId, symbol: wire.symbol, side, quantity, price, commission, timeMs };
}
