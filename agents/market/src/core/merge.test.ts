import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MarketEvent } from "./events.ts";
import { merge } from "./merge.ts";

const trade = (timeMs: number, symbol: string, price: number): MarketEvent => ({
  kind: "trade",
  symbol,
  timeMs,
  price,
  size: 1,
});

describe("merge", () => {
  it("gives every event once, by time, then by source, then as the source has it, however the sources portion them", async () => {
    const times = fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        times,
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 9 }),
        async (lists, portions) => {
          const streams = lists.map((list, source) =>
            list.sort((a, b) => a - b).map((timeMs, index) => trade(timeMs, `S${source}`, index + 1)),
          );
          const sources = streams.map((stream) => {
            let [next, turn] = [0, 0];
            return {
              next: async () => {
                const from = next;
                next += portions[turn++ % portions.length] as number;
                return from < stream.length ? stream.slice(from, next) : undefined;
              },
            };
          });
          const merged: MarketEvent[] = [];
          for await (const batch of merge(sources)) {
            for (const { event, source } of batch) {
              expect(event.symbol).toBe(`S${source}`);
              merged.push(event);
            }
          }
          expect(merged).toEqual(streams.flat().sort((a, b) => a.timeMs - b.timeMs));
        },
      ),
    );
  });
});
