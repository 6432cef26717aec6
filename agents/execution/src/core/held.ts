/** What of a symbol this account holds, for the proof that an order reduces risk: such a one passes a halt, and nothing else does. */
import { add, isTerminal, leavesQty, quantity, signedQuantity } from "@countersign/orders";
import type { Held } from "@countersign/permit";
import type { ExecutionState } from "./state.ts";

/**
 * By the account's own book, which is the venue's as long as an order is taken at all: stops.ts takes none before the venue has said what
 * it knows, nor after anything that nobody explained. Orders that work and may only reduce are counted, but for this one itself.
 */
export function heldOf(
  { book, orders }: ExecutionState,
  { symbol, clientOrderId }: { readonly symbol: string; readonly clientOrderId: string },
): Held {
  const nothing = quantity(0n, 0);
  const reducing = Object.values(orders)
    .filter(({ order }) => order.symbol === symbol && order.reduceOnly && order.clientOrderId !== clientOrderId)
    .filter(({ state }) => !isTerminal(state))
    .map(({ order, state }) => signedQuantity({ ...order, quantity: leavesQty(state) }))
    .reduce(add, nothing);
  return { symbol, position: book.positions[symbol]?.quantity ?? nothing, reducing };
}
