import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Atr, type Range, TrueRange } from "./atr.ts";
import { Bollinger } from "./bollinger.ts";
import { Ema, Wilder } from "./ema.ts";
import { type Estimator, evaluate } from "./estimator.ts";
import { EwmaVolatility } from "./ewma-volatility.ts";
import { type ChangePair, HedgeRatio } from "./hedge-ratio.ts";
import { HistoricalVar } from "./historical-var.ts";
import { LogReturn } from "./log-return.ts";
import { MaxDrawdown } from "./max-drawdown.ts";
import { RunningMoments } from "./moments.ts";
import { ParametricVar } from "./parametric-var.ts";
import { RealisedVolatility } from "./realised-volatility.ts";
import { RollingMax, RollingMin } from "./rolling-extremes.ts";
import { Rsi } from "./rsi.ts";
import { Sharpe } from "./sharpe.ts";
import { Sma } from "./sma.ts";

// Prices that repeat, jump and return, so that flat windows and ties occur; returns of both signs and zero.
const price = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.double({ min: 0.001, max: 1e6, noNaN: true }));
const change = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.double({ min: -0.5, max: 0.5, noNaN: true }));
const bar = fc.tuple(price, price, price).map(([a, b, c]): Range => {
  const [low, close, high] = [a, b, c].sort((x, y) => x - y) as [number, number, number];
  return { high, low, close };
});
const pair = fc.record<ChangePair>({ spot: change, hedge: change });

laws("SMA", () => new Sma(5), price);
laws("EMA", () => new Ema(5), price);
laws("Wilder", () => new Wilder(4), price);
laws("RSI", () => new Rsi(4), price);
laws("true range", () => new TrueRange(), bar);
laws("ATR", () => new Atr(4), bar);
laws("Bollinger", () => new Bollinger({ length: 5, width: 2 }), price);
laws("log return", () => new LogReturn(), price);
laws("volatility", () => new RealisedVolatility({ length: 5, periodsPerYear: 252, mean: "sample" }), change);
laws("zero-mean volatility", () => new RealisedVolatility({ length: 5, periodsPerYear: 1, mean: "zero" }), change);
laws("EWMA volatility", () => new EwmaVolatility(), change);
laws("VaR R1", () => new HistoricalVar({ length: 7, confidence: 0.75, convention: "R1" }), change);
laws("VaR R7", () => new HistoricalVar({ length: 7, confidence: 0.75, convention: "R7" }), change);
laws("parametric VaR", () => new ParametricVar({ length: 5, confidence: 0.99 }), change);
laws("hedge ratio", () => new HedgeRatio(), pair);
laws("rolling hedge ratio", () => new HedgeRatio({ length: 5 }), pair);
laws("Sharpe", () => new Sharpe({ periodsPerYear: 252, riskFreePerYear: 0.02 }), change);
laws("max drawdown", () => new MaxDrawdown({ startingEquity: 3 }), price);
laws("rolling max", () => new RollingMax(5), price);
laws("rolling min", () => new RollingMin(5), price);
laws("moments", () => new RunningMoments(), change);

function laws<Input, Output>(name: string, make: () => Estimator<Input, Output>, input: fc.Arbitrary<Input>): void {
  const inputs = fc.array(input, { maxLength: 40 });
  const runs = { numRuns: 60 };

  describe(name, () => {
    it("restored from its snapshot after any prefix, it continues as if uninterrupted, bit for bit", () => {
      fc.assert(
        fc.property(inputs, fc.nat(40), (xs, cut) => {
          const uninterrupted = make();
          const all = evaluate(uninterrupted, xs);
          const first = make();
          const head = evaluate(first, xs.slice(0, cut));
          const text = JSON.stringify(first.snapshot());
          const second = make();
          second.restore(JSON.parse(text));
          expect(JSON.stringify(second.snapshot())).toBe(text);
          expect(second.value).toStrictEqual(first.value);
          expect([...head, ...evaluate(second, xs.slice(cut))]).toStrictEqual(all);
          expect(second.snapshot()).toStrictEqual(uninterrupted.snapshot());
        }),
        runs,
      );
    });

    it("what comes later changes nothing before, and reading the value changes nothing at all", () => {
      fc.assert(
        fc.property(inputs, fc.nat(40), input, (xs, t, other) => {
          const changed = xs.map((x, i) => (i > t ? other : x));
          expect(evaluate(make(), changed).slice(0, t + 1)).toStrictEqual(evaluate(make(), xs).slice(0, t + 1));
          const unread = make();
          for (const x of xs) unread.update(x);
          expect(unread.value).toStrictEqual(evaluate(make(), xs).at(-1));
        }),
        runs,
      );
    });

    it("a snapshot stays as it was taken, and a foreign one is refused without a trace", () => {
      fc.assert(
        fc.property(inputs, input, (xs, next) => {
          const estimator = make();
          evaluate(estimator, xs);
          const taken = estimator.snapshot();
          const text = JSON.stringify(taken);
          for (const foreign of [null, 7, [], {}, { ...taken, kind: "other" }, "snapshot"]) {
            expect(() => estimator.restore(foreign)).toThrow(expect.objectContaining({ code: "BAD_SNAPSHOT" }));
          }
          expect(JSON.stringify(estimator.snapshot())).toBe(text);
          estimator.update(next);
          expect(JSON.stringify(taken)).toBe(text);
        }),
        { numRuns: 20 },
      );
    });
  });
}

describe("against the plain definition", () => {
  const close = (actual: number | undefined, expected: number, scale: number) =>
    expect(Math.abs(actual! - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, scale));

  it("windows: mean, deviation, extremes, tail", () => {
    fc.assert(
      fc.property(fc.array(price, { minLength: 8, maxLength: 40 }), (xs) => {
        const last = xs.slice(-8);
        const mean = last.reduce((sum, x) => sum + x, 0) / 8;
        const variance = last.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 8;
        const scale = Math.max(...xs);
        close(evaluate(new Sma(8), xs).at(-1), mean, scale);
        const bands = evaluate(new Bollinger({ length: 8 }), xs).at(-1);
        if (new Set(last).size === 1) expect(bands).toBeUndefined();
        else close(bands!.sd, Math.sqrt(variance), scale);
        expect(evaluate(new RollingMax(8), xs).at(-1)).toBe(Math.max(...last));
        expect(evaluate(new RollingMin(8), xs).at(-1)).toBe(Math.min(...last));
      }),
    );
  });

  it("expected shortfall is never below VaR, by either convention, and never above the worst loss", () => {
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 20, maxLength: 30 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.constantFrom("R1" as const, "R7" as const),
        (xs, confidence, convention) => {
          const tail = evaluate(new HistoricalVar({ length: 20, confidence, convention }), xs).at(-1)!;
          const worst = Math.max(...xs.slice(-20).map((x) => -x));
          expect(tail.es).toBeGreaterThanOrEqual(tail.var - 1e-12);
          expect(tail.es).toBeLessThanOrEqual(worst + 1e-12);
        },
      ),
    );
  });

  it("a hedge built with a known slope is found again", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 5, maxLength: 30 }), change, (xs, beta) => {
        fc.pre(new Set(xs).size > 1 && Math.abs(beta) > 1e-3);
        const value = evaluate(
          new HedgeRatio(),
          xs.map((hedge) => ({ hedge, spot: 0.25 + beta * hedge })),
        ).at(-1)!;
        close(value.ratio, beta, 1);
        close(value.rhoSquared, 1, 1);
      }),
    );
  });
});
