import { describe, expect, it } from "vitest";
import { gaussian, Prng, splitMix64, uniform } from "./prng.ts";
import published from "./vectors/published.json" with { type: "json" };

describe("xoshiro128**", () => {
  it("gives the published numbers from the published state", () => {
    const prng = new Prng(0n);
    prng.restore({ kind: "xoshiro128**", state: [published.xoshiro128.state] });
    expect(published.xoshiro128.expected.map(() => prng.next())).toEqual(published.xoshiro128.expected);
  });

  it("is seeded by SplitMix64, which gives its published numbers too", () => {
    const { seed, expected } = published.splitMix64;
    expect(expected.map((_, i) => String(splitMix64(BigInt(seed), i)))).toEqual(expected);
    const [first, second] = [BigInt(expected[0]!), BigInt(expected[1]!)];
    const words = [first & 0xffffffffn, first >> 32n, second & 0xffffffffn, second >> 32n].map(Number);
    expect(new Prng(BigInt(seed)).snapshot()).toEqual({ kind: "xoshiro128**", state: [words] });
  });

  it("continues from a snapshot; a state that is none is refused", () => {
    const prng = new Prng(42n);
    for (let i = 0; i < 100; i += 1) prng.next();
    const again = new Prng(0n);
    again.restore(JSON.parse(JSON.stringify(prng.snapshot())));
    expect(Array.from({ length: 50 }, () => again.next())).toEqual(Array.from({ length: 50 }, () => prng.next()));
    for (const state of [[], [[0, 0, 0, 0]], [[1, 2, 3]], [[1, 2, 3, 2 ** 32]], [[1, 2, 3, 0.5]]]) {
      expect(() => prng.restore({ kind: "xoshiro128**", state })).toThrow(
        expect.objectContaining({ code: "BAD_SNAPSHOT" }),
      );
    }
  });
});

describe("draws of one seed", () => {
  const COUNT = 100_000;
  const within4StandardErrors = (sample: number, truth: number, sd: number) =>
    expect(Math.abs(sample - truth)).toBeLessThan((4 * sd) / Math.sqrt(COUNT));

  it("uniform: inside (0, 1), with the right mean and variance", () => {
    const prng = new Prng(7n);
    const xs = Array.from({ length: COUNT }, () => uniform(prng));
    expect(xs.every((x) => x > 0 && x < 1)).toBe(true);
    within4StandardErrors(mean(xs), 1 / 2, Math.sqrt(1 / 12));
    within4StandardErrors(mean(xs.map((x) => (x - 0.5) ** 2)), 1 / 12, Math.sqrt(1 / 180));
  });

  it("gaussian: mean 0, variance 1, skewness 0, kurtosis 3", () => {
    const prng = new Prng(7n);
    const xs = Array.from({ length: COUNT }, () => gaussian(prng));
    within4StandardErrors(mean(xs), 0, 1);
    within4StandardErrors(mean(xs.map((x) => x ** 2)), 1, Math.sqrt(2));
    within4StandardErrors(mean(xs.map((x) => x ** 3)), 0, Math.sqrt(15));
    within4StandardErrors(mean(xs.map((x) => x ** 4)), 3, Math.sqrt(96));
  });

  it("seeds side by side are unrelated", () => {
    const draws = (seed: bigint) => {
      const prng = new Prng(seed);
      return Array.from({ length: COUNT }, () => gaussian(prng));
    };
    const [a, b] = [draws(1n), draws(2n)];
    within4StandardErrors(mean(a.map((x, i) => x * b[i]!)), 0, 1);
  });
});

function mean(xs: readonly number[]): number {
  return xs.reduce((sum, x) => sum + x, 0) / xs.length;
}
