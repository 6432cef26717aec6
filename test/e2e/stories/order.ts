/** One order from the market to the ledger, each step believed by its signature, the booking by its certificate. */

import type { SentOrder } from "../bus/tape.ts";
import { until } from "../kube.ts";
import type { World } from "../world.ts";

const WITHIN_MS = 240_000;
/** What everybody says of an order carries the id of the bar that it follows from, which its last quote has closed. */
const WAY = ["market.bar", "market.signal", "permit.issued", "order.intent", "order.accepted", "order.filled"] as const;

export interface BookedOrder extends SentOrder {
  /** When each step of its way was decided. */
  readonly way: ReadonlyMap<string, number>;
}

export async function order(world: World): Promise<void> {
  const { report, tape } = world;
  const first = await report.step(
    "an order, from the market to the ledger",
    () => nextBooked(world, 0),
    ({ way }) => WAY.map((type) => `${type} +${(way.get(type) ?? 0) - (way.get(WAY[0]) ?? 0)} ms`).join(", "),
  );
  await report.step(
    "the ledger from its first entry: certified, chained, balanced, and the order is in it",
    async () => {
      const books = await tape.books();
      const missing = first.fills.filter((fill) => !books.fills.has(fill));
      if (missing.length > 0) throw new Error(`in no certified entry: fills ${missing.join(", ")}`);
      return books;
    },
    ({ entries, fills, equity }) => `${entries} entries, ${fills.size} fills, equity ${equity}`,
  );
  const took = (first.way.get("order.accepted") ?? 0) - (first.way.get(WAY[0]) ?? 0);
  report.figure("the first order: from its bar to the venue", `${took} ms`);
}

/** The first order that was accepted after `sinceMs`, with its whole way behind it. */
export function nextBooked({ tape }: World, sinceMs: number, withinMs = WITHIN_MS): Promise<BookedOrder> {
  return until("an order arrives in the ledger", withinMs, async () => {
    const filled = tape.orders().filter(({ acceptedMs, fills }) => acceptedMs > sinceMs && fills.length > 0);
    if (filled.length === 0) return undefined;
    const booked = (await tape.books()).fills;
    for (const one of filled) {
      const way = wayOf(tape, one.correlationId);
      if (one.fills.every((fill) => booked.has(fill)) && WAY.every((type) => way.has(type))) return { ...one, way };
    }
    return undefined;
  });
}

function wayOf(tape: World["tape"], correlationId: string): ReadonlyMap<string, number> {
  const about = tape.bodies().filter((body) => body.correlationId === correlationId || body.msgId === correlationId);
  return new Map(about.map(({ type, sentAtMs }) => [type, Number(sentAtMs)]));
}
