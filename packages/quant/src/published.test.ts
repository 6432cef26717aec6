import { describe, expect, it } from "vitest";
import { exp, ln } from "./elementary.ts";
import { evaluate } from "./estimator.ts";
import { EwmaVolatility } from "./ewma-volatility.ts";
import { HedgeRatio } from "./hedge-ratio.ts";
import { HistoricalVar, type QuantileConvention } from "./historical-var.ts";
import { MaxDrawdown } from "./max-drawdown.ts";
import { RunningMoments, sampleSd } from "./moments.ts";
import { normalCdf, normalQuantile } from "./normal.ts";
import { normalVar } from "./parametric-var.ts";
import { RealisedVolatility } from "./realised-volatility.ts";
import { Sharpe } from "./sharpe.ts";
import published from "./vectors/published.json" with { type: "json" };

describe("elementary functions", () => {
  it.each(published.ln.cases)("ln(%d) is within 2 ulp", (x, expected) => {
    expect(ln(x!)).toSatisfy(within(expected!, 2));
  });

  it.each(published.exp.cases)("exp(%d) is within 2 ulp", (x, expected) => {
    expect(exp(x!)).toSatisfy(within(expected!, 2));
  });

  it("the ends of the range do not turn into NaN", () => {
    for (const x of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => ln(x)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    }
    expect(() => exp(Number.NaN)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    expect(() => normalCdf(Number.NaN)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    expect([exp(711), exp(-747), exp(Number.NEGATIVE_INFINITY)]).toEqual([Number.POSITIVE_INFINITY, 0, 0]);
  });

  it("agrees with the engine's own functions over a sweep", () => {
    for (let i = -7000; i <= 7000; i += 1) {
      const x = i / 10 + i / 9973;
      if (Math.abs(x) < 708) expect(exp(x)).toSatisfy(within(Math.exp(x), 3));
      const y = Math.exp(i / 20);
      expect(ln(y)).toSatisfy(within(Math.log(y), 3));
    }
  });
});

describe("normal distribution", () => {
  it.each(published.normalQuantile.cases)("quantile of %d", (p, expected) => {
    expect(relativeError(normalQuantile(p!), expected!)).toBeLessThan(1e-14);
  });

  it.each(published.normalCdf.cases)("cdf of %d", (x, expected) => {
    expect(Math.abs(normalCdf(x!) - expected!)).toBeLessThan(1e-15);
  });

  it("the far ends are 0 and 1", () => {
    expect([-1e160, -9, 9, 1e160, Number.POSITIVE_INFINITY].map(normalCdf)).toEqual([0, 0, 1, 1, 1]);
  });

  it("quantile and cdf undo each other", () => {
    for (let p = 0.001; p < 1; p += 0.001) expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 14);
  });

  it.each([0, 1, -0.1, 1.1, Number.NaN])("there is no quantile of %d", (p) => {
    expect(() => normalQuantile(p)).toThrow(expect.objectContaining({ code: "BAD_PARAMETER" }));
  });

  it.each(published.normalTail.cases)("VaR and ES multipliers at %d", (confidence, var_, es) => {
    const tail = normalVar({ mean: 0, sd: 1, confidence: confidence! });
    expect(tail.var).toBeCloseTo(var_!, 7);
    expect(tail.es).toBeCloseTo(es!, 7);
  });
});

describe("value at risk", () => {
  it("Hull's Microsoft and AT&T, alone and together", () => {
    const { positions, confidence, days, correlation, sd, portfolioVar, diversification } = published.hullVar;
    const deviations = positions.map((p) => p.value * p.dailyVolatility);
    const tenDays = (daily: number) => normalVar({ mean: 0, sd: daily * Math.sqrt(days), confidence }).var;
    const [microsoft, att] = [deviations[0]!, deviations[1]!];
    expect(positions.map((_, i) => Math.round(tenDays(deviations[i]!)))).toEqual(positions.map((p) => p.var));
    const together = Math.sqrt(microsoft ** 2 + att ** 2 + 2 * correlation * microsoft * att);
    expect(Math.round(together)).toBe(sd);
    expect(Math.round(tenDays(together))).toBe(portfolioVar);
    // Hull subtracts the rounded figures.
    expect(Math.round(tenDays(microsoft)) + Math.round(tenDays(att)) - portfolioVar).toBe(diversification);
  });

  it.each(published.quantile.cases)("historical $convention at $confidence of 1..$count", (c) => {
    const convention = c.convention as QuantileConvention;
    const estimator = new HistoricalVar({ length: c.count, confidence: c.confidence, convention });
    const returns = Array.from({ length: c.count }, (_, i) => -((i * 7) % c.count) - 1);
    if (c.count % 7 === 0) throw new Error("7 must not divide the count, or the returns are no permutation");
    const values = evaluate(estimator, returns);
    expect(values.slice(0, -1).every((value) => value === undefined)).toBe(true);
    expect(values.at(-1)!.var).toBeCloseTo(c.var, 12);
    expect(values.at(-1)!.es).toBeCloseTo(c.es, 12);
  });

  it("a window too short for its tail is refused", () => {
    expect(() => new HistoricalVar({ length: 99, confidence: 0.99, convention: "R1" })).toThrow(
      expect.objectContaining({ code: "BAD_PARAMETER" }),
    );
    expect(new HistoricalVar({ length: 100, confidence: 0.99, convention: "R1" }).value).toBeUndefined();
  });
});

describe("volatility, hedging, performance", () => {
  it("Hull's EWMA step", () => {
    const { lambda, volatility, logReturn, variance } = published.hullEwma;
    const estimator = new EwmaVolatility({ lambda, initialVariance: volatility ** 2 });
    estimator.update(logReturn);
    expect(estimator.value! ** 2).toBeCloseTo(variance, 15);
  });

  it("Hull's jet fuel hedge, over everything and over a window", () => {
    const hull = published.hullHedge;
    const pairs = hull.spot.map((spot, i) => ({ spot, hedge: hull.hedge[i]! }));
    const noise = Array.from({ length: 40 }, (_, i) => ({ spot: (i * 7919) % 13, hedge: (i * 104729) % 11 }));
    for (const value of [
      evaluate(new HedgeRatio(), pairs).at(-1)!,
      evaluate(new HedgeRatio({ length: pairs.length }), [...noise, ...pairs]).at(-1)!,
    ]) {
      expect(value.sigmaHedge).toBeCloseTo(hull.sigmaHedge, 6);
      expect(value.sigmaSpot).toBeCloseTo(hull.sigmaSpot, 6);
      expect(value.correlation).toBeCloseTo(hull.correlation, 6);
      expect(value.ratio).toBeCloseTo(hull.ratio, 6);
      expect(value.rhoSquared).toBeCloseTo(hull.rhoSquared, 6);
      expect((value.ratio * hull.exposure) / hull.contractSize).toBeCloseTo(hull.contracts, 2);
    }
  });

  it.each(published.sharpe)("Sharpe and annual volatility: $source", (c) => {
    const { returns, periodsPerYear } = c;
    expect(evaluate(new Sharpe({ periodsPerYear }), returns).at(-1)).toBeCloseTo(c.sharpe, 12);
    const volatility = new RealisedVolatility({ length: returns.length, periodsPerYear, mean: "sample" });
    expect(evaluate(volatility, returns).at(-1)).toBeCloseTo(c.annualVolatility, 12);
  });

  it("Bacon's portfolio: Sharpe, drawdown, growth", () => {
    const { returns, periodsPerYear, sharpe, maxDrawdown, cagr } = published.bacon;
    expect(evaluate(new Sharpe({ periodsPerYear }), returns).at(-1)).toBeCloseTo(sharpe, 7);
    let equity = 100;
    const curve = returns.map((r) => {
      equity *= 1 + r;
      return equity;
    });
    expect(evaluate(new MaxDrawdown({ startingEquity: 100 }), curve).at(-1)).toBeCloseTo(maxDrawdown, 7);
    expect((equity / 100) ** (periodsPerYear / returns.length) - 1).toBeCloseTo(cagr, 7);
  });
});

it("NIST NumAcc3: ten digits of the mean and nine of the deviation", () => {
  const { first, low, high, pairs, mean, sd } = published.nist;
  const moments = new RunningMoments();
  moments.update(first);
  for (let i = 0; i < pairs; i += 1) {
    moments.update(low);
    moments.update(high);
  }
  expect(relativeError(moments.value!.mean, mean)).toBeLessThan(1e-15);
  expect(relativeError(sampleSd(moments.value)!, sd)).toBeLessThan(1e-9);
});

function relativeError(actual: number, expected: number): number {
  return expected === 0 ? Math.abs(actual) : Math.abs(actual - expected) / Math.abs(expected);
}

function within(expected: number, ulps: number): (actual: number) => boolean {
  const ulp = Math.max(Number.MIN_VALUE, Math.abs(expected) * Number.EPSILON);
  return (actual) => Math.abs(actual - expected) <= ulps * ulp;
}
