import { create } from "@bufbuild/protobuf";
import { QuoteSchema } from "@countersign/contracts";
import { price } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { MarketView } from "./market-view.ts";

const digest = new Uint8Array(32);

function viewOf(
  quotes: readonly (readonly [bid: bigint, ask: bigint, timeMs: number])[],
  quotesMax = 100,
  lagMs = 0,
): MarketView {
  const view = new MarketView(quotesMax, lagMs);
  for (const [n, [bidUnits, askUnits, timeMs]] of quotes.entries()) {
    const quote = create(QuoteSchema, { symbol: "A", bidUnits, askUnits, priceScale: 2, eventTimeMs: BigInt(timeMs) });
    view.onQuote(quote, { msgId: `q${n}`, seq: BigInt(n + 1), digest });
  }
  return view;
}

describe("MarketView", () => {
  it("knows which quotes were the last one for a feed that may be a little behind", () => {
    const quotes = [10, 20, 20, 30, 40].map((timeMs) => [1n, 2n, timeMs] as const);
    const names = (lagMs: number, timeMs: number) =>
      viewOf(quotes, 100, lagMs)
        .lastWithin("A", timeMs)
        .map(({ ref }) => ref.msgId);
    expect(names(0, 9)).toEqual([]);
    // Two of one millisecond have no order.
    expect(names(0, 25)).toEqual(["q1", "q2"]);
    expect(names(0, 30)).toEqual(["q3"]);
    expect(names(1, 30)).toEqual(["q1", "q2", "q3"]);
    expect(names(5, 35)).toEqual(["q3", "q4"]);
    expect(names(10, 35)).toEqual(["q1", "q2", "q3", "q4"]);
    expect(names(11, 40)).toEqual(["q1", "q2", "q3", "q4"]);
    expect(names(100, 40)).toEqual(["q0", "q1", "q2", "q3", "q4"]);
    expect(viewOf(quotes).hasReached("A", 40)).toBe(true);
    expect(viewOf(quotes).hasReached("A", 41)).toBe(false);
    expect(viewOf(quotes).hasReached("B", 1)).toBe(false);
    expect([viewOf(quotes).hasSeen("A", "q4"), viewOf(quotes).hasSeen("A", "q5")]).toEqual([true, false]);
  });

  it("knows the last quote at or before a time", () => {
    const view = viewOf([
      [1n, 2n, 10],
      [3n, 4n, 20],
      [5n, 6n, 20],
      [7n, 8n, 30],
    ]);
    expect(view.lastAt("A", 9)).toBeUndefined();
    expect(view.lastAt("A", 19)?.ref.msgId).toBe("q0");
    expect(view.lastAt("A", 20)?.ref.msgId).toBe("q2");
    expect(view.lastAt("B", 20)).toBeUndefined();
  });

  it("has the range from a quote to a time, and none from a quote it has not seen", () => {
    const view = viewOf([
      [5n, 9n, 10],
      [3n, 7n, 20],
      [4n, 12n, 30],
    ]);
    const since = (msgId: string, timeMs: number) => view.rangeSince({ symbol: "A", msgId, digest }, timeMs);
    expect(since("q0", 10)).toEqual({ low: price(5n, 2), high: price(9n, 2) });
    expect(since("q0", 20)).toEqual({ low: price(3n, 2), high: price(9n, 2) });
    expect(since("q1", 30)).toEqual({ low: price(3n, 2), high: price(12n, 2) });
    expect(since("q9", 30)).toBeUndefined();
    const forged = new Uint8Array(32).fill(1);
    expect(view.rangeSince({ symbol: "A", msgId: "q0", digest }, 30)?.low).toBeDefined();
    expect(view.rangeSince({ symbol: "A", msgId: "q0", digest: forged }, 30)).toBeUndefined();
  });

  it("does not accept a quote that is crossed, or lacks something", () => {
    expect(
      viewOf([
        [2n, 1n, 10],
        [0n, 1n, 10],
      ]).lastAt("A", 10),
    ).toBeUndefined();
    const view = new MarketView(10);
    view.onQuote(create(QuoteSchema, { symbol: "A", bidUnits: 1n, priceScale: 2, eventTimeMs: 1n }), {
      msgId: "q",
      seq: 1n,
      digest,
    });
    expect(view.lastAt("A", 10)).toBeUndefined();
  });

  it("keeps at least as many quotes as it was told, and not twice as many", () => {
    const view = viewOf(
      Array.from({ length: 25 }, (_, n) => [1n, 2n, n]),
      10,
    );
    const kept = Array.from({ length: 25 }, (_, n) => view.lastAt("A", n) !== undefined).filter(Boolean).length;
    expect(kept).toBeGreaterThanOrEqual(10);
    expect(kept).toBeLessThan(20);
  });
});
