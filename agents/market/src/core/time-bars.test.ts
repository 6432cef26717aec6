import { describe, expect, it } from "vitest";
import type { QuoteEvent, TradeEvent } from "./events.ts";
import { TimeBars } from "./time-bars.ts";

const quote = (timeMs: number, bid: number, ask: number): QuoteEvent => ({
  kind: "quote",
  symbol: "X",
  timeMs,
  bid,
  ask,
  bidSize: 1,
  askSize: 1,
});
const trade = (timeMs: number, price: number, size: number): TradeEvent => ({
  kind: "trade",
  symbol: "X",
  timeMs,
  price,
  size,
});

function closed(events: readonly (QuoteEvent | TradeEvent)[]) {
  const bars = new TimeBars(60_000);
  return events.map((event) => bars.add(event));
}

describe("TimeBars", () => {
  it("closes a bar of mids when the first quote of a later minute arrives, known at that quote's time", () => {
    const bars = closed([
      quote(60_000, 9, 11),
      quote(70_000, 19, 21),
      quote(80_000, 4, 6),
      quote(119_999, 11, 13),
      quote(180_001, 1, 3),
    ]);
    expect(bars.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
    expect(bars[4]).toEqual({
      kind: "bar",
      symbol: "X",
      timeMs: 180_001,
      openTimeMs: 60_000,
      closeTimeMs: 120_000,
      open: 10,
      high: 20,
      low: 5,
      close: 12,
      volume: 0,
    });
  });

  it("rounds a half mid to the even unit", () => {
    expect(closed([quote(0, 10, 11), quote(1, 11, 12), quote(60_000, 1, 1)])[2]).toMatchObject({ open: 10, close: 12 });
  });

  it("is of trade prices without quotes, and of mids with traded volume as soon as there is one", () => {
    const bars = closed([
      trade(0, 100, 3),
      trade(10, 104, 2),
      trade(60_000, 105, 1),
      quote(60_010, 9, 11),
      trade(60_020, 500, 4),
      trade(120_000, 7, 1),
      quote(180_000, 1, 1),
    ]);
    expect(bars[2]).toMatchObject({ open: 100, high: 104, close: 104, volume: 5 });
    expect(bars[5]).toMatchObject({ open: 10, high: 10, low: 10, close: 10, volume: 5 });
    // The minute from 120 s has a trade and no quote: there is no mid to make its bar of.
    expect(bars[6]).toBeUndefined();
  });
});
