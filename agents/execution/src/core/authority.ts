import { type FenceState, latchesInForce, type OpenHalt, type SubmitOrder } from "@countersign/contracts";
import { add, compare, type Money, money, type Order, product } from "@countersign/orders";
import { type Authorised, authorise, type GateRefusal, type Held } from "@countersign/permit";
import type { CoreConfig } from "./config.ts";

/** What is asked about an order twice, with the same words: when it is accepted, and directly before it is written. */
export interface Question {
  /** What is accepted, or what the adapter is about to write. */
  readonly order: Order;
  /** The intent's bytes, the permit and the approvals, as they came. */
  readonly submit: SubmitOrder;
  /** What all other children of its parent may cost. */
  readonly siblings: Money;
  readonly held: Held;
  readonly nowMs: number;
  readonly fence: FenceState;
  readonly fenceFresh: boolean;
  /** Own latches, beside the halts of the fence: those that it has not released. */
  readonly latches: readonly OpenHalt[];
  readonly isSpent: (permitId: string) => boolean;
}

export function authoriseOrder(config: CoreConfig, question: Question): Authorised | GateRefusal {
  const { order, submit, siblings, held, nowMs, fence, fenceFresh, latches, isSpent } = question;
  const { keys, mode, ceiling } = config;
  return authorise({
    intentBytes: submit.intent ?? NOTHING,
    order,
    permit: submit.permit,
    approvals: submit.approvals,
    keys,
    policy: POLICY,
    mode,
    nowMs,
    fence: { ...fence, halts: [...fence.halts, ...latchesInForce(fence, latches)] },
    fenceFresh,
    spent: isSpent,
    ceiling: {
      approvalsNeeded: (_order, notional) => (compare(notional, ceiling.notional) > 0 ? ceiling.persons : 0),
    },
    parentNotional: add(siblings, notionalOf(order, ceiling.notional.currency)),
    held,
  });
}

/** Quantity × the worst price the order allows, as Policy's rule on an order's size counts it. Rounded up, at the finest scale. */
export function notionalOf({ limitPrice, quantity }: Pick<Order, "limitPrice" | "quantity">, currency: string): Money {
  return money(product(limitPrice, quantity, NOTIONAL_SCALE, "ceil").units, NOTIONAL_SCALE, currency);
}

const POLICY = "policy";
const NOTIONAL_SCALE = 9;
const NOTHING = new Uint8Array(0);
