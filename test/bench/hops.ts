/**
 * Where the time of an order goes between its quote and the venue: when each message on its way was decided upon, as its sender's clock
 * says, which here is one clock for all. All of them carry the order's correlation id.
 */
import type { Body } from "@countersign/contracts";
import { quantile } from "../support/quantile.ts";
import type { SentOrder } from "./orders.ts";

export interface Hop {
  /** From which message to which. */
  readonly name: string;
  /** ms */
  readonly p50: number;
  readonly p95: number;
}

/** The messages an order's way is made of, by the sender whose outbox has them. */
const WAY = [
  { schema: "signal", type: "market.signal" },
  { schema: "portfolio", type: "hedge.quote-request" },
  { schema: "portfolio", type: "policy.validate" },
  { schema: "policy", type: "permit.issued" },
  { schema: "portfolio", type: "order.intent" },
  { schema: "execution", type: "order.accepted" },
] as const;

/** Whose outboxes say how far each order has come. */
export const ON_THE_WAY = new Set(WAY.map(({ schema }) => schema));

/** Times of the messages of each correlation id, ms since 1970. */
export function waysOf(said: ReadonlyMap<string, readonly Body[]>): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const ways = new Map<string, Map<string, number>>();
  for (const { schema, type } of WAY)
    for (const body of said.get(schema) ?? []) {
      const { correlationId = "", sentAtMs } = body;
      if (body.type !== type || sentAtMs === undefined) continue;
      const way = ways.get(correlationId) ?? new Map<string, number>();
      ways.set(correlationId, way);
      way.set(type, Math.min(way.get(type) ?? Number.POSITIVE_INFINITY, Number(sentAtMs)));
    }
  return ways;
}

/** Between each two that followed on each other; a message that an order did without is left out of its way. */
export function hopsOf(orders: readonly SentOrder[]): readonly Hop[] {
  const times = new Map<string, number[]>();
  for (const { quoteMs, venueMs, way } of orders) {
    let last = { name: "quote", atMs: quoteMs };
    const steps = WAY.flatMap(({ type }) => (way.has(type) ? [{ name: type, atMs: way.get(type) ?? 0 }] : []));
    for (const step of [...steps, { name: "venue", atMs: venueMs }]) {
      const name = `${last.name} → ${step.name}`;
      times.set(name, [...(times.get(name) ?? []), step.atMs - last.atMs]);
      last = step;
    }
  }
  return [...times].map(([name, all]) => ({ name, p50: quantile(all, 0.5), p95: quantile(all, 0.95) }));
}
