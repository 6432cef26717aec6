/** What Execution says, as effects: one place for topics, types and keys. */
import { create } from "@bufbuild/protobuf";
import {
  DecisionMadeSchema,
  HeartbeatSchema,
  OrderAcceptedSchema,
  OrderReportedSchema,
  OrderStatus,
  RefusedSchema,
} from "@countersign/contracts";
import { leavesQty, type Order, orderStatuses, quantity, quantityToWire, statusOf } from "@countersign/orders";
import type { Cause, PublishEffect } from "@countersign/runtime";
import type { ExecutionState, HeldOrder } from "./state.ts";

export const AGENT = "execution";
/** Where a refusal was made: before the order existed, or directly before the write. */
export const ACCEPT = "accept";

export interface Why {
  readonly code: string;
  readonly place: string;
  readonly text: string;
}

export function accepted(order: Order, intent: Uint8Array, permitId: string): PublishEffect {
  const { clientOrderId, intentKey, account, venue, symbol } = order;
  const payload = create(OrderAcceptedSchema, { clientOrderId, intentKey, permitId, account, venue, symbol, intent });
  return { kind: "publish", topic: ORDERS, key: account, type: "order.accepted", payload, intent: "ACCEPT" };
}

/** The order as it stands; `why` is of an end that was not asked for, or of a cancel that came to nothing. */
export function reported(held: HeldOrder, why?: Why): PublishEffect {
  const { order, state, cause } = held;
  const { clientOrderId, intentKey, account, symbol } = order;
  const payload = create(OrderReportedSchema, {
    clientOrderId,
    intentKey,
    account,
    symbol,
    status: orderStatuses.toWire(statusOf(state)),
    cumQty: quantityToWire(state.cumQty),
    leavesQty: quantityToWire(leavesQty(state)),
    ...why,
  });
  return { ...toOrders(account, "order.reported", "REPORT"), payload, cause };
}

/** Of an order that will never exist: its permit is not consumed, its intent is over. */
export function rejected(order: Order, why: Why): PublishEffect {
  const { clientOrderId, intentKey, account, symbol } = order;
  const payload = create(OrderReportedSchema, {
    clientOrderId,
    intentKey,
    account,
    symbol,
    status: OrderStatus.REJECTED,
    cumQty: quantityToWire(quantity(0n, order.quantity.scale)),
    leavesQty: quantityToWire(order.quantity),
    ...why,
  });
  return { ...toOrders(account, "order.reported", "REPORT"), payload };
}

/** A refusal that ends no order. */
export function refused(
  subject: string,
  why: Why,
  of: { readonly sender: string; readonly type: string },
): PublishEffect {
  const { code, place, text: explanation } = why;
  const payload = create(RefusedSchema, { subject, code, place, explanation, sender: of.sender, type: of.type });
  return { kind: "publish", topic: AUDIT, key: AGENT, type: "decision.refused", payload, intent: "REFUSE" };
}

export function decided(subject: string, decision: string, explanation: string): PublishEffect {
  const payload = create(DecisionMadeSchema, { subject, decision, explanation });
  return { kind: "publish", topic: AUDIT, key: AGENT, type: "decision.made", payload, intent: "RECORD" };
}

/**
 * Every command that was sent at or before this decision time has been consumed: Policy may release what was reserved for it. Where a halt
 * goes with the closing of the account, Policy makes it everybody's: Execution itself may halt nobody.
 */
export function heartbeat({ closed }: ExecutionState, nowMs: number): PublishEffect {
  const halting = closed.find(({ haltId }) => haltId !== undefined);
  const payload = create(HeartbeatSchema, {
    agent: AGENT,
    ready: true,
    consumedThroughMs: BigInt(nowMs),
    ...(halting?.haltId && { closed: { haltId: halting.haltId, reason: `${halting.code}: ${halting.text}` } }),
  });
  const topic = "agents.heartbeat.v1";
  return { kind: "publish", topic, key: AGENT, type: "agent.heartbeat", payload, intent: "HEARTBEAT" };
}

export function toOrders(
  account: string,
  type: string,
  intent: string,
): Omit<PublishEffect, "payload"> & { cause?: Cause } {
  return { kind: "publish", topic: ORDERS, key: account, type, intent };
}

const ORDERS = "orders.execution.v1";
const AUDIT = "audit.records.v1";
