import { compare, formatFixed, type Money } from "@countersign/orders";
import { PolicyError } from "./error.ts";
import type { Limits } from "./limits.ts";

/** Execution's own, over all children of one parent. */
export interface Ceiling {
  readonly notional: Money;
  readonly persons: number;
}

/**
 * Execution demands approvals above a ceiling of its own, whatever Policy says. Limits that ask a person only above a larger
 * amount would permit orders that the gate then refuses: they are refused at start. A rule that lets no such order pass asks early
 * enough too, and as many persons have to be asked. Throws PolicyError `ASKS_TOO_LATE`.
 */
export function checkCeiling(limits: Limits, { notional, persons }: Ceiling): void {
  const stops = limits.rules.filter(
    ({ metric, action }) =>
      metric === "order_notional" && (action === "escalate" || action === "reject" || action === "halt"),
  );
  const [first] = stops.toSorted((a, b) => compare(a.threshold, b.threshold));
  const amount = formatFixed(notional).replace(/\.0+$/, "");
  const demand = `Execution demands a person's approval above ${amount} ${notional.currency}`;
  if (first === undefined)
    throw new PolicyError(
      "ASKS_TOO_LATE",
      `${limits.file}:1: rules: ${demand}, and no rule on order_notional escalates: add one with a threshold of ${amount} or less`,
    );
  if (compare(first.threshold, { units: notional.units, scale: notional.scale }) > 0)
    throw new PolicyError(
      "ASKS_TOO_LATE",
      `${limits.file}:${first.line}: rule "${first.rule}" acts above ${first.thresholdText}, but ${demand}: lower it to ${amount} or less`,
    );
  if (limits.approvals.persons < persons)
    throw new PolicyError(
      "ASKS_TOO_LATE",
      `${limits.file}:1: approvals.persons: Execution demands ${persons} persons, and the limits ask ${limits.approvals.persons}`,
    );
}
