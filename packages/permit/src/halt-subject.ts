import type { HaltSubject } from "@countersign/contracts";
import type { Order } from "@countersign/orders";

/**
 * What a halt can name of an order. The strategy is the principal's name where the principal is one, `strategy:<name>@<digest>`,
 * without the digest: a halt of a strategy holds for all its versions. Other principals have none.
 */
export function haltSubject({ account, symbol, venue, principal }: Order): HaltSubject {
  const strategy = /^strategy:([^@]+)/.exec(principal)?.[1] ?? "";
  return { account, strategy, symbol, venue };
}
