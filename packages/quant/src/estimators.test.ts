import { describe, expect, it } from "vitest";
import { Atr } from "./atr.ts";
import { Bollinger } from "./bollinger.ts";
import { Ema } from "./ema.ts";
import { evaluate } from "./estimator.ts";
import { EwmaVolatility } from "./ewma-volatility.ts";
import { correlationLowerBound, HedgeRatio } from "./hedge-ratio.ts";
import { LogReturn } from "./log-return.ts";
import { MaxDrawdown } from "./max-drawdown.ts";
import { RealisedVolatility } from "./realised-volatility.ts";
import { Rsi } from "./rsi.ts";
import { Sharpe } from "./sharpe.ts";
import { Sma } from "./sma.ts";
import { Cell, restoreParts, snapshotParts } from "./snapshot.ts";

const refused = (code: string) => expect.objectContaining({ code });

describe("undefined is not zero", () => {
  const flat = Array.from({ length: 30 }, () => 100.1);

  it("a market that never moved has no RSI, no bands, no volatility, no Sharpe ratio, no hedge", () => {
    expect(evaluate(new Rsi(14), flat).at(-1)).toBeUndefined();
    expect(evaluate(new Bollinger(), flat).at(-1)).toBeUndefined();
    expect(evaluate(new EwmaVolatility(), [0, 0, 0]).at(-1)).toBeUndefined();
    expect(evaluate(new Sharpe({ periodsPerYear: 252 }), [0.01, 0.01, 0.01]).at(-1)).toBeUndefined();
    expect(
      evaluate(
        new Atr(2),
        Array(5).fill({ high: 7.3, low: 7.3, close: 7.3 }) as { high: number; low: number; close: number }[],
      ).at(-1),
    ).toBeUndefined();
    const still = [1, 2, 3].map((spot) => ({ spot, hedge: 0.5 }));
    expect(evaluate(new HedgeRatio(), still).at(-1)).toBeUndefined();
  });

  it("after an outlier has left the window, a flat window is flat again, without a trace of it", () => {
    const prices = [100.1, 1e9, ...flat];
    const bands = evaluate(new Bollinger({ length: 20 }), prices);
    expect(bands[20]).toBeDefined();
    expect(bands[21]).toBeUndefined();
    expect(evaluate(new Sma(20), prices)[21]).toBe(100.1);
  });

  it("two pairs are no hedge: they always lie on a line", () => {
    const pairs = [
      { spot: 1, hedge: 2 },
      { spot: 2, hedge: 3 },
    ];
    expect(evaluate(new HedgeRatio(), pairs).at(-1)).toBeUndefined();
  });
});

describe("a wrong observation is refused and leaves no trace", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e200])("%d", (x) => {
    const estimators = [new Sma(3), new Ema(3), new Rsi(3), new EwmaVolatility(), new LogReturn(), new Bollinger()];
    for (const estimator of estimators) {
      for (const good of [1, 2, 3, 4, 5]) estimator.update(good);
      const before = estimator.snapshot();
      expect(() => estimator.update(x)).toThrow(refused("BAD_INPUT"));
      expect(estimator.snapshot()).toStrictEqual(before);
    }
  });

  it("a price that is not positive, a bar upside down, half a pair", () => {
    expect(() => new LogReturn().update(0)).toThrow(refused("BAD_INPUT"));
    expect(() => new LogReturn().update(-1)).toThrow(refused("BAD_INPUT"));
    expect(() => new Atr().update({ high: 1, low: 2, close: 1.5 })).toThrow(refused("BAD_INPUT"));
    expect(() => new HedgeRatio().update({ spot: Number.NaN, hedge: 1 })).toThrow(refused("BAD_INPUT"));
  });
});

describe("a wrong parameter is refused", () => {
  it.each([0, -1, 1.5, Number.NaN])("length %d", (length) => {
    expect(() => new Sma(length)).toThrow(refused("BAD_PARAMETER"));
    expect(() => new Ema(length)).toThrow(refused("BAD_PARAMETER"));
  });

  it("a sample deviation of one observation, a lambda of one, equity from nothing", () => {
    expect(() => new RealisedVolatility({ length: 1, periodsPerYear: 252, mean: "sample" })).toThrow(
      refused("BAD_PARAMETER"),
    );
    expect(() => new EwmaVolatility({ lambda: 1 })).toThrow(refused("BAD_PARAMETER"));
    expect(() => new MaxDrawdown({ startingEquity: 0 })).toThrow(refused("BAD_PARAMETER"));
  });
});

describe("Sharpe", () => {
  it("takes the risk-free rate off each period, compounded: at that very rate nothing is left", () => {
    const perMonth = 1.12 ** (1 / 12) - 1;
    const around = [perMonth - 0.01, perMonth + 0.01];
    expect(evaluate(new Sharpe({ periodsPerYear: 12, riskFreePerYear: 0.12 }), around).at(-1)).toBeCloseTo(0, 12);
    expect(evaluate(new Sharpe({ periodsPerYear: 12 }), around).at(-1)).toBeGreaterThan(2);
  });
});

describe("drawdown", () => {
  it("a loss on the first day counts from the starting equity", () => {
    const drawdown = new MaxDrawdown({ startingEquity: 100 });
    drawdown.update(90);
    expect(drawdown.value).toBeCloseTo(-0.1, 15);
    drawdown.update(120);
    drawdown.update(114);
    expect(drawdown.value).toBeCloseTo(-0.1, 15);
    expect(drawdown.current).toBeCloseTo(-0.05, 15);
  });
});

describe("hedge", () => {
  it("beta is the slope, and luck shows in the lower bound of the correlation", () => {
    const estimator = new HedgeRatio();
    evaluate(
      estimator,
      [-2, -1, 0, 1, 2, 3].map((x, i) => ({ hedge: x, spot: 2 * x + (i % 2) })),
    );
    expect(estimator.beta).toBe(estimator.value!.ratio);
    const hedge = { ratio: 1, correlation: 0.8, rhoSquared: 0.64, sigmaSpot: 1, sigmaHedge: 1, count: 28 };
    // artanh .8 = 1.0986123, less 1.6448536/5, back by tanh.
    expect(correlationLowerBound(hedge, 0.95)).toBeCloseTo(0.64672, 5);
    expect(correlationLowerBound({ ...hedge, count: 3 }, 0.95)).toBeUndefined();
    expect(correlationLowerBound({ ...hedge, correlation: 1 }, 0.95)).toBe(1);
  });
});

describe("the weight of the seed", () => {
  it("fades as (1 − k)^t and is part of the state", () => {
    const ema = new Ema(9);
    evaluate(ema, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(ema.seedWeight).toBe(1);
    evaluate(ema, [10, 11, 12]);
    expect(ema.seedWeight).toBeCloseTo(0.8 ** 3, 15);
    const again = new Ema(9);
    again.restore(ema.snapshot());
    expect(again.seedWeight).toBe(ema.seedWeight);
  });
});

it("a snapshot that no run can have written is refused", () => {
  const volatility = new EwmaVolatility();
  expect(() => volatility.restore({ kind: "ewma-volatility", lambda: 0.94, variance: -1 })).toThrow(
    refused("BAD_SNAPSHOT"),
  );
});

describe("several parts", () => {
  it("are restored all or not at all", () => {
    const parts = { fast: new Ema(2), side: new Cell(0) };
    evaluate(parts.fast, [1, 2, 3]);
    parts.side.value = -1;
    const taken = snapshotParts(parts);
    const other = { fast: new Ema(2), side: new Cell(0) };
    restoreParts(other, JSON.parse(JSON.stringify(taken)));
    expect([other.fast.value, other.side.value]).toEqual([parts.fast.value, -1]);

    const broken = { fast: new Ema(2).snapshot(), side: { value: "short" } };
    expect(() => restoreParts(parts, broken)).toThrow(refused("BAD_SNAPSHOT"));
    expect(snapshotParts(parts)).toEqual(taken);
    expect(() => restoreParts({ fast: new Ema(3), side: new Cell(0) }, taken)).toThrow(refused("BAD_SNAPSHOT"));
  });
});
