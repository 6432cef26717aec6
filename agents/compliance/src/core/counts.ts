/** How many of what. */
import { type Fill, type OrderRejected, type OrderReported, OrderStatus, type Refused } from "@countersign/contracts";
import type { Input } from "@countersign/runtime";

export interface Counts {
  readonly permits: number;
  readonly rejections: number;
  readonly escalations: number;
  /** By the code of the verdict; and by every rule that was breached and is more than a warning. */
  readonly rejectionsByCode: Readonly<Record<string, number>>;
  readonly rejectionsByRule: Readonly<Record<string, number>>;
  readonly orders: number;
  readonly ordersFilled: number;
  /** Orders that Execution or the venue refused, by code. */
  readonly ordersRefused: Readonly<Record<string, number>>;
  readonly fills: number;
  readonly hedges: number;
  /** Refusals that are no verdicts, of everybody and everywhere, by code. */
  readonly refusals: Readonly<Record<string, number>>;
}

export interface Rates {
  /** Permits ÷ (permits + rejections); undefined where there is neither. */
  readonly approvalRate: number | undefined;
  /** Orders filled ÷ orders accepted; undefined where there was none. */
  readonly successRate: number | undefined;
}

export function ratesOf({ permits, rejections, orders, ordersFilled }: Counts): Rates {
  const verdicts = permits + rejections;
  return {
    approvalRate: verdicts === 0 ? undefined : permits / verdicts,
    successRate: orders === 0 ? undefined : ordersFilled / orders,
  };
}

export const noCounts: Counts = {
  permits: 0,
  rejections: 0,
  escalations: 0,
  rejectionsByCode: {},
  rejectionsByRule: {},
  orders: 0,
  ordersFilled: 0,
  ordersRefused: {},
  fills: 0,
  hedges: 0,
  refusals: {},
};

export function countRecord(
  counts: Counts,
  { type, payload }: Pick<Extract<Input, { kind: "message" }>, "type" | "payload">,
): Counts {
  switch (type) {
    case "permit.issued":
      return { ...counts, permits: counts.permits + 1 };
    case "order.escalated":
      return { ...counts, escalations: counts.escalations + 1 };
    case "order.rejected":
      return countRejection(counts, payload as OrderRejected);
    case "order.accepted":
      return { ...counts, orders: counts.orders + 1 };
    case "order.filled":
      return countFill(counts, payload as Fill);
    case "order.reported": {
      const { status, code } = payload as OrderReported;
      const isRefused = status === OrderStatus.REJECTED || status === OrderStatus.NOT_SENT;
      return isRefused ? { ...counts, ordersRefused: oneMore(counts.ordersRefused, code ?? UNNAMED) } : counts;
    }
    case "hedge.placed":
      return { ...counts, hedges: counts.hedges + 1 };
    case "decision.refused":
      return { ...counts, refusals: oneMore(counts.refusals, (payload as Refused).code ?? UNNAMED) };
    default:
      return counts;
  }
}

/** A refusal without a code is counted under this. */
const UNNAMED = "UNNAMED";

function countRejection(counts: Counts, { code, rules }: OrderRejected): Counts {
  const breached = rules.filter((rule) => rule.breached === true && rule.action !== "warn");
  return {
    ...counts,
    rejections: counts.rejections + 1,
    rejectionsByCode: oneMore(counts.rejectionsByCode, code ?? UNNAMED),
    rejectionsByRule: breached.reduce((by, { rule }) => oneMore(by, rule ?? UNNAMED), counts.rejectionsByRule),
  };
}

function countFill(counts: Counts, { leavesQty }: Fill): Counts {
  const isLast = leavesQty?.units === 0n;
  return { ...counts, fills: counts.fills + 1, ordersFilled: counts.ordersFilled + (isLast ? 1 : 0) };
}

function oneMore(counts: Readonly<Record<string, number>>, name: string): Readonly<Record<string, number>> {
  return { ...counts, [name]: (counts[name] ?? 0) + 1 };
}
