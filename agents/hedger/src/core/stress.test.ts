import { EwmaVolatility, evaluate, ln } from "@countersign/quant";
import { describe, expect, it } from "vitest";
import { Stress } from "./stress.ts";

/** Closes whose returns are so large, up and down in turn. */
function closesOf(sizes: readonly number[]): number[] {
  const closes = [100];
  sizes.forEach((size, n) => void closes.push(closes[n]! * (n % 2 === 0 ? 1 + size : 1 / (1 + size))));
  return closes;
}

function statesOf(closes: readonly number[]): boolean[] {
  const stress = new Stress();
  return closes.map((close) => {
    stress.update(close);
    return stress.isUp;
  });
}

const calm = Array<number>(60).fill(0.005);
const wild = Array<number>(8).fill(0.02);

describe("Stress", () => {
  it("begins above 1.3 and ends below 1.05 times the mean of the 20 volatilities before, and in between stays", () => {
    const closes = closesOf([...calm, ...wild, ...calm, ...calm]);
    const returns = closes.slice(1).map((close, n) => ln(close / closes[n]!));
    const volatilities = evaluate(new EwmaVolatility(), returns).map((value) => value!);
    // The plainly slow way: 20 values, their mean, the ratio.
    let isUp = false;
    const expected = volatilities.map((now, n) => {
      if (n < 20) return false;
      const usual = volatilities.slice(n - 20, n).reduce((sum, one) => sum + one, 0) / 20;
      if (now > 1.3 * usual) isUp = true;
      if (now < 1.05 * usual) isUp = false;
      return isUp;
    });
    expect(statesOf(closes).slice(1)).toEqual(expected);
    const changes = expected.filter((state, n) => n > 0 && state !== expected[n - 1]);
    expect(changes).toEqual([true, false]);
  });

  it("is never up in a market that does not move, or moves as it always does", () => {
    expect(statesOf(closesOf(Array(100).fill(0)))).not.toContain(true);
    expect(statesOf(closesOf(Array(100).fill(0.01)))).not.toContain(true);
  });
});
