import { add, compare, type Order, type Quantity, quantity, signedQuantity } from "@countersign/orders";

/** One symbol of one account, in the reconciled book. */
export interface Held {
  readonly symbol: string;
  /** Signed: positive is long. */
  readonly position: Quantity;
  /** Signed: what all other working and permitted reduce-only orders of the symbol would still buy (+) or sell (-). */
  readonly reducing: Quantity;
}

/**
 * Is the order provably risk-reducing: reduce-only, same instrument, opposite side, and |position| after all working and
 * permitted reduce-only orders not larger and not of the other sign? Not proved is no.
 */
export function reducesRisk(order: Order, held: Held | undefined): boolean {
  if (held === undefined || !order.reduceOnly || order.symbol !== held.symbol) return false;
  const before = compare(held.position, zero);
  const after = compare(add(add(held.position, held.reducing), signedQuantity(order)), zero);
  if (before === 0 || compare(signedQuantity(order), zero) === before) return false;
  const othersOppose = compare(held.reducing, zero) !== before;
  return othersOppose && (after === 0 || after === before);
}

const zero = quantity(0n, 0);
