/** Where a trace begins and ends: looked for where a person watches, because the pace depends on it. */
import type { Market } from "./market.ts";
import type { OpenWindow, Window } from "./window.ts";

export async function spanOf(market: Market, { fromMs, toMs }: OpenWindow): Promise<Window> {
  let [first, last] = [fromMs, toMs];
  if (first !== undefined && last !== undefined) return { fromMs: first, toMs: last };
  const { events } = await market.again();
  for await (const batch of events) {
    first ??= batch[0]?.timeMs;
    if (toMs === undefined) last = batch.at(-1)?.timeMs ?? last;
  }
  return { fromMs: first ?? 0, toMs: last ?? 0 };
}
