import { create } from "@bufbuild/protobuf";
import { QuoteRefSchema } from "@countersign/contracts";
import { parsePrice, price, toNumber } from "@countersign/orders";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bandAround, midOf, roundTripCost, tradeTo, wholeLots } from "./lots.ts";
import { instruments } from "./testing.ts";

const shares = instruments.get("AAPL")!;
const points = instruments.get("SPX")!;
const coarse = { ...points, lot: 25n };
const touch = (bid: string, ask: string) => ({
  bid: parsePrice(bid),
  ask: parsePrice(ask),
  ref: create(QuoteRefSchema),
});

describe("wholeLots", () => {
  it.each([
    [shares, 12.999, 12n],
    [shares, -12.999, -12n],
    [shares, 0.5, 0n],
    [points, 1.005, 100n],
    [coarse, 1.49, 125n],
    [coarse, -1.49, -125n],
    [coarse, 0.2, 0n],
  ])("rounds towards nothing", (instrument, size, units) => {
    expect(wholeLots(size, instrument)).toBe(units);
  });

  it("takes no number that is none", () => {
    for (const size of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => wholeLots(size, shares)).toThrow(expect.objectContaining({ code: "BAD_DECIMAL" }));
  });
});

describe("tradeTo", () => {
  it.each([
    // target, held, side, quantity, reduces, turns, opens
    [100n, 0n, "BUY", 100n, false, false, 100n],
    [-100n, 0n, "SELL", 100n, false, false, 100n],
    [100n, 40n, "BUY", 60n, false, false, 60n],
    [-100n, -40n, "SELL", 60n, false, false, 60n],
    [40n, 100n, "SELL", 60n, true, false, 0n],
    [-40n, -100n, "BUY", 60n, true, false, 0n],
    [0n, 100n, "SELL", 100n, true, false, 0n],
    [0n, -100n, "BUY", 100n, true, false, 0n],
    [-30n, 100n, "SELL", 130n, false, true, 30n],
    [30n, -100n, "BUY", 130n, false, true, 30n],
  ] as const)("to %s from %s: %s %s", (target, held, side, units, reduces, turns, opens) => {
    const scale = 0;
    const expected = { side, quantity: { units, scale }, reduces, turns, opens: { units: opens, scale } };
    expect(tradeTo(target, held, shares)).toEqual(expected);
  });

  it("there is nothing to trade where the target is held", () => {
    expect(tradeTo(7n, 7n, shares)).toBeUndefined();
    expect(tradeTo(0n, 0n, shares)).toBeUndefined();
  });

  it("a trade that reduces never enlarges and never turns; its quantity always leads to the target", () => {
    const units = fc.bigInt({ min: -1000n, max: 1000n });
    fc.assert(
      fc.property(units, units, (target, held) => {
        const trade = tradeTo(target, held, shares);
        if (trade === undefined) return target === held;
        const after = held + (trade.side === "BUY" ? trade.quantity.units : -trade.quantity.units);
        const shrinks = after === 0n || (after > 0n === held > 0n && after * after < held * held);
        return after === target && trade.quantity.units > 0n && trade.reduces === (held !== 0n && shrinks);
      }),
    );
  });
});

describe("bandAround", () => {
  it("is as wide as asked, rounded inwards to the tick", () => {
    const { low, high } = bandAround(touch("100.00", "100.01"), 0.0201, shares);
    expect([low, high]).toEqual([price(9_799n, 2), price(10_202n, 2)]);
    const stepped = bandAround(touch("100.00", "100.05"), 0.0201, { ...shares, tick: 5n });
    expect([stepped.low, stepped.high]).toEqual([price(9_800n, 2), price(10_205n, 2)]);
  });

  it("is never narrower than 0.1 %, never below one tick, and always holds the touch", () => {
    expect(bandAround(touch("100.00", "100.02"), 0, shares).high).toEqual(price(10_012n, 2));
    expect(bandAround(touch("100.00", "100.02"), 1.7, shares).low).toEqual(price(1n, 2));
    const units = fc.bigInt({ min: 1n, max: 100_000n });
    fc.assert(
      fc.property(units, units, fc.double({ min: 0, max: 3, noNaN: true }), (bid, spread, width) => {
        const last = { bid: price(bid, 2), ask: price(bid + spread, 2), ref: create(QuoteRefSchema) };
        const { low, high } = bandAround(last, width, shares);
        return low.units > 0n && low.units <= bid && high.units >= bid + spread;
      }),
    );
  });
});

it("there and back costs the spread once and the fee twice", () => {
  const last = touch("99.99", "100.01");
  expect(midOf(last)).toBeCloseTo(100, 12);
  expect(roundTripCost(10, last, shares)).toBeCloseTo(10 * (0.02 + 2 * 0.005), 12);
  expect(roundTripCost(10, last, points)).toBeCloseTo(10 * (0.02 + (2 * 100 * 0.5) / 10_000), 12);
  expect(toNumber(last.ask)).toBe(100.01);
});
