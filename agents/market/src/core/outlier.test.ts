import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutlierFilter } from "./outlier.ts";

const verdicts = (prices: readonly number[]) => {
  const filter = new OutlierFilter();
  return prices.map((price) => filter.accepts(price));
};
const quiet = Array.from({ length: 60 }, (_, index) => 100_000 + (index % 7));

/** The rule as it is stated, computed plainly. */
function plainVerdicts(prices: readonly number[]): boolean[] {
  let window: number[] = [];
  let suspects: number[] = [];
  const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;
  return prices.map((price) => {
    const median = window.length > 0 ? middle(window) : price;
    const spread = window.length > 0 ? 10 * 1.4826 * middle(window.map((value) => Math.abs(value - median))) : 0;
    if (Math.abs(price - median) <= Math.max(spread, 0.005 * median)) {
      suspects = [];
      window = [...window, price].slice(-51);
      return true;
    }
    const last = suspects.at(-1);
    const agrees = last !== undefined && Math.abs(price - last) <= Math.max(spread, 0.005 * last);
    suspects = agrees ? [...suspects, price] : [price];
    if (suspects.length < 3) return false;
    window = suspects;
    suspects = [];
    return true;
  });
}

describe("OutlierFilter", () => {
  it("drops a single wild price and goes on", () => {
    expect(verdicts([...quiet, 1_000_000, 100_003]).slice(-2)).toEqual([false, true]);
  });

  it("accepts a real gap of 10 % at its third price, and what follows there", () => {
    expect(verdicts([...quiet, 90_000, 90_010, 90_005, 90_020]).slice(-4)).toEqual([false, false, true, true]);
  });

  it("does not take wild prices that disagree with each other for a gap", () => {
    expect(verdicts([...quiet, 50_000, 200_000, 70_000, 150_000]).slice(-4)).toEqual([false, false, false, false]);
  });

  it("begins a new count when a normal price stands between", () => {
    expect(verdicts([...quiet, 90_000, 90_000, 100_000, 90_000, 90_000]).slice(-5)).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
  });

  it("is not silenced by a wrong first price", () => {
    expect(verdicts([1, 100_000, 100_001, 100_002, 100_003])).toEqual([true, false, false, true, true]);
  });

  it("answers as the plain rule does", () => {
    const price = fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 9_900, max: 10_100 }) },
      { weight: 5, arbitrary: fc.integer({ min: 9_000, max: 11_000 }) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: 100_000 }) },
    );
    fc.assert(
      fc.property(fc.array(price, { maxLength: 300 }), (prices) => {
        expect(verdicts(prices)).toEqual(plainVerdicts(prices));
      }),
    );
  });
});
