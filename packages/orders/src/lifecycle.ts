import { OrdersError } from "./error.ts";
import { compare, type Price, type Quantity, quantity, rescale, subtract } from "./fixed.ts";
import { divideRounded, powerOfTen, type Rounding } from "./rounding.ts";
import type { OrderStatus } from "./words.ts";

/**
 * The life of one order, as facts that only accumulate; its FIX status is computed from them (`statusOf`). Reports may
 * therefore come late or in another order than they were sent: the same facts give the same status.
 *
 *   PENDING_NEW → NEW → PARTIALLY_FILLED → FILLED
 *        │          └─────────┴─→ PENDING_CANCEL → CANCELED         EXPIRED: by time in force
 *        └→ REJECTED, NOT_SENT
 *
 * 1. A fill is a fact, whatever else has been reported: one that comes after CANCELED or EXPIRED still counts.
 * 2. CumQty + LeavesQty = OrderQty, also at the end: what is left of a terminal order is what it never got.
 * 3. An execution id counts once.
 */
export interface OrderState {
  readonly orderQty: Quantity;
  readonly cumQty: Quantity;
  /** Σ price × quantity, exact, in units of 10^-18: AvgPx is cost ÷ CumQty. */
  readonly cost: bigint;
  readonly executionIds: readonly string[];
  readonly acknowledged: boolean;
  readonly cancelPending: boolean;
  /** How it ended other than by being filled; the first that was reported. */
  readonly ended: OrderEnd | undefined;
}

export interface OrderEnd {
  readonly status: "CANCELED" | "EXPIRED" | "REJECTED" | "NOT_SENT";
  /** The code, and the place that refused. */
  readonly code: string;
  readonly place: string;
}

export type OrderEvent =
  | { readonly type: "acknowledged" }
  | { readonly type: "filled"; readonly executionId: string; readonly quantity: Quantity; readonly price: Price }
  | { readonly type: "cancelRequested" }
  | { readonly type: "cancelRejected" }
  | { readonly type: "ended"; readonly end: OrderEnd };

/** Twice the largest scale of the wire: every product of a price and a quantity is exact. */
const COST_SCALE = 18;

export function newOrderState(orderQty: Quantity): OrderState {
  return {
    orderQty,
    cumQty: quantity(0n, orderQty.scale),
    cost: 0n,
    executionIds: [],
    acknowledged: false,
    cancelPending: false,
    ended: undefined,
  };
}

/**
 * The state after the event; the same object when it changes nothing, as a repeated report does.
 * Throws OrdersError `OVERFILL` and `CONTRADICTION`, when what the venue says and what we hold cannot both be true.
 */
export function applyOrderEvent(state: OrderState, event: OrderEvent): OrderState {
  switch (event.type) {
    case "acknowledged":
      return state.acknowledged ? state : { ...state, acknowledged: true };
    case "filled":
      return applyExecution(state, event);
    case "cancelRequested":
      return state.cancelPending || isTerminal(state) ? state : { ...state, cancelPending: true };
    case "cancelRejected":
      return state.cancelPending ? { ...state, cancelPending: false } : state;
    case "ended":
      return end(state, event.end);
  }
}

/** By FIX's precedence: FILLED, the other ends, PENDING_CANCEL, PARTIALLY_FILLED, NEW, PENDING_NEW. */
export function statusOf(state: OrderState): OrderStatus {
  if (compare(state.cumQty, state.orderQty) === 0) return "FILLED";
  if (state.ended !== undefined) return state.ended.status;
  if (state.cancelPending) return "PENDING_CANCEL";
  if (state.cumQty.units > 0n) return "PARTIALLY_FILLED";
  return state.acknowledged ? "NEW" : "PENDING_NEW";
}

/** Whether nothing more is expected of it. A late fill may still come. */
export function isTerminal(state: OrderState): boolean {
  return state.ended !== undefined || compare(state.cumQty, state.orderQty) === 0;
}

export function leavesQty(state: OrderState): Quantity {
  return subtract(state.orderQty, state.cumQty);
}

/** AvgPx, rounded once; undefined as long as nothing is filled. */
export function averagePrice(state: OrderState, scale: number, rounding: Rounding = "half-even"): Price | undefined {
  if (state.cumQty.units === 0n) return undefined;
  const units = divideRounded(
    state.cost * powerOfTen(scale + state.cumQty.scale),
    state.cumQty.units * powerOfTen(COST_SCALE),
    rounding,
  );
  return { units, scale } as Price;
}

function applyExecution(state: OrderState, fill: OrderEvent & { readonly type: "filled" }): OrderState {
  if (state.executionIds.includes(fill.executionId)) return state;
  if (fill.quantity.units <= 0n || fill.price.units <= 0n)
    throw new OrdersError("CONTRADICTION", `execution ${fill.executionId} has no positive quantity and price`);
  if (state.ended?.status === "REJECTED" || state.ended?.status === "NOT_SENT")
    throw new OrdersError("CONTRADICTION", `execution ${fill.executionId} of an order that is ${state.ended.status}`);
  const last = rescale(fill.quantity, state.orderQty.scale);
  const cumQty = quantity(state.cumQty.units + last.units, state.orderQty.scale);
  if (cumQty.units > state.orderQty.units)
    throw new OrdersError("OVERFILL", `execution ${fill.executionId} fills more than the order's quantity`);
  const scale = COST_SCALE - last.scale - fill.price.scale;
  return {
    ...state,
    cumQty,
    cost: state.cost + last.units * fill.price.units * powerOfTen(scale),
    executionIds: [...state.executionIds, fill.executionId],
    acknowledged: true,
  };
}

function end(state: OrderState, end: OrderEnd): OrderState {
  const never = end.status === "REJECTED" || end.status === "NOT_SENT";
  if (never && state.cumQty.units > 0n)
    throw new OrdersError("CONTRADICTION", `${end.status} after executions ${state.executionIds.join(", ")}`);
  if (isTerminal(state)) return state;
  return { ...state, cancelPending: false, ended: end };
}
