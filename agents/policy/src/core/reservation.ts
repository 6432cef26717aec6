/** Capital held for an order: taken with the permit, given back only by what Policy reads. */
import { compare, type Money, money, type Order, product, type Quantity, quantity, rescale } from "@countersign/orders";
import type { OpenOrder, PolicyState } from "./state.ts";
import { without } from "./state.ts";

export interface Permit {
  readonly permitId: string;
  readonly expiresAtMs: number;
  readonly stage: OpenOrder["stage"];
  readonly nowMs: number;
}

/** The state with this order's capital reserved, and counted to its family. */
export function reserve(
  state: PolicyState,
  order: Order,
  { permitId, expiresAtMs, stage, nowMs }: Permit,
): PolicyState {
  const { intentKey, symbol, side, quantity: leaves, limitPrice, parent, principal } = order;
  const reserved = worth(state, order, leaves);
  const open: OpenOrder = {
    intentKey,
    permitId,
    stage,
    symbol,
    side,
    leaves,
    limitPrice,
    reserved,
    notional: reserved,
    parent,
    principal,
    expiresAtMs,
  };
  const orders = { ...state.orders, [intentKey]: open };
  // An order that is its own parent is nobody's child: the state must not grow with every order.
  if (parent === intentKey) return { ...state, orders };
  const family = { notional: (state.families[parent]?.notional ?? 0n) + reserved, atMs: nowMs };
  return { ...state, orders, families: { ...state.families, [parent]: family } };
}

/** What the order and all other children of its parent may cost, in the account's money: what a person's amount is compared with. */
export function familyWorth(state: PolicyState, order: Order): Money {
  const account = state.book.money;
  if (account === undefined) throw new Error("broken invariant: who asks a person has an account with money");
  const siblings = state.families[order.parent]?.notional ?? 0n;
  return money(siblings + worth(state, order, order.quantity), account.scale, account.currency);
}

/** A fill has become a position; what is left stays reserved. */
export function relieve(state: PolicyState, open: OpenOrder, filled: Quantity): PolicyState {
  const scale = Math.max(open.leaves.scale, filled.scale);
  const units = rescale(open.leaves, scale).units - rescale(filled, scale).units;
  if (units <= 0n) return { ...state, orders: without(state.orders, open.intentKey) };
  const leaves = quantity(units, scale);
  const rest = { ...open, leaves, reserved: worth(state, open, leaves) };
  return { ...state, orders: { ...state.orders, [open.intentKey]: rest } };
}

/** The order is over. One that never was an order does not count to its family either. */
export function release(state: PolicyState, open: OpenOrder): PolicyState {
  const orders = without(state.orders, open.intentKey);
  const family = state.families[open.parent];
  const isChild = open.parent !== open.intentKey;
  if (open.stage === "accepted" || !isChild || family === undefined) return { ...state, orders };
  const notional = family.notional - open.notional;
  const families =
    notional > 0n
      ? { ...state.families, [open.parent]: { ...family, notional } }
      : without(state.families, open.parent);
  return { ...state, orders, families };
}

/** Σ of what is held, units of the account's money scale. */
export function reservedTotal({ orders }: PolicyState): bigint {
  return Object.values(orders).reduce((sum, { reserved }) => sum + reserved, 0n);
}

/** Rounded up: capital is never short of the order. */
function worth({ book }: PolicyState, { limitPrice }: Pick<Order, "limitPrice">, leaves: Quantity): bigint {
  if (compare(leaves, quantity(0n, 0)) <= 0) throw new Error("broken invariant: nothing is reserved for nothing");
  return product(limitPrice, leaves, book.money?.scale ?? 0, "ceil").units;
}
