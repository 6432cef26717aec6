import { describe, expect, it } from "vitest";
import { Atr, TrueRange } from "./atr.ts";
import { Bollinger } from "./bollinger.ts";
import { Ema } from "./ema.ts";
import { evaluate } from "./estimator.ts";
import { EwmaVolatility } from "./ewma-volatility.ts";
import { LogReturn } from "./log-return.ts";
import { RealisedVolatility } from "./realised-volatility.ts";
import { RollingMax, RollingMin } from "./rolling-extremes.ts";
import { Rsi } from "./rsi.ts";
import { Sma } from "./sma.ts";
import talib from "./vectors/talib-252.json" with { type: "json" };
import spx from "./vectors/talib-spx-300.json" with { type: "json" };

const bars = talib.close.map((close, i) => ({ high: talib.high[i]!, low: talib.low[i]!, close }));

describe("TA-Lib's 252 bars", () => {
  it("the bars are all there", () => {
    expect(talib.close.reduce((sum, close) => sum + close, 0)).toBeCloseTo(27133.035, 6);
  });

  it.each(talib.sma)("SMA(%d) at %d is %d", (n, i, expected) => {
    expect(evaluate(new Sma(n!), talib.close)[i!]).toBeCloseTo(expected!, 5);
  });

  it.each(talib.ema)("EMA(%d) at %d is %d", (n, i, expected) => {
    expect(evaluate(new Ema(n!), talib.close)[i!]).toBeCloseTo(expected!, 6);
  });

  it.each(talib.rsi)("RSI(%d) at %d is %d", (n, i, expected) => {
    expect(evaluate(new Rsi(n!), talib.close)[i!]).toBeCloseTo(expected!, 8);
  });

  it.each(talib.trueRange)("true range at %d is %d", (i, expected) => {
    expect(evaluate(new TrueRange(), bars)[i!]).toBeCloseTo(expected!, 10);
  });

  it.each(talib.atr)("ATR(%d) at %d is %d", (n, i, expected) => {
    expect(evaluate(new Atr(n!), bars)[i!]).toBeCloseTo(expected!, 7);
  });

  it.each(talib.bollinger)("Bollinger(%d, %d) at %d", (length, width, i, upper, middle, lower) => {
    const bands = evaluate(new Bollinger({ length: length!, width: width! }), talib.close)[i!]!;
    expect(bands.upper).toBeCloseTo(upper!, 7);
    expect(bands.middle).toBeCloseTo(middle!, 7);
    expect(bands.lower).toBeCloseTo(lower!, 7);
  });

  it.each(talib.macd.expected)("two EMAs seeded together make the MACD at %d", (i, macd, signal) => {
    // TA-Lib starts the fast average later, so that both have their first value at the same bar.
    const { fast, slow, signal: length } = talib.macd;
    const fastValues = evaluate(new Ema(fast), talib.close.slice(slow - fast));
    const slowValues = evaluate(new Ema(slow), talib.close).slice(slow - fast);
    const difference = fastValues.slice(fast - 1).map((value, j) => value! - slowValues[fast - 1 + j]!);
    expect(difference[i! - slow + 1]).toBeCloseTo(macd!, 7);
    expect(evaluate(new Ema(length), difference)[i! - slow + 1]).toBeCloseTo(signal!, 7);
  });

  it("first values stand where TA-Lib has them", () => {
    const firstOf = (values: unknown[]) => values.findIndex((value) => value !== undefined);
    expect(firstOf(evaluate(new Sma(30), talib.close))).toBe(29);
    expect(firstOf(evaluate(new Ema(10), talib.close))).toBe(9);
    expect(firstOf(evaluate(new Rsi(14), talib.close))).toBe(14);
    expect(firstOf(evaluate(new TrueRange(), bars))).toBe(1);
    expect(firstOf(evaluate(new Atr(14), bars))).toBe(14);
    expect(firstOf(evaluate(new Bollinger(), talib.close))).toBe(19);
  });

  it("volatilities of the same closes", () => {
    const returns = evaluate(new LogReturn(), talib.close).slice(1) as number[];
    const realised = (periodsPerYear: number, mean: "sample" | "zero") =>
      evaluate(new RealisedVolatility({ length: returns.length, periodsPerYear, mean }), returns).at(-1);
    expect(realised(1, "sample")).toBeCloseTo(talib.volatility.sampleDaily, 10);
    expect(realised(252, "sample")).toBeCloseTo(talib.volatility.sampleAnnual252, 7);
    expect(realised(252, "zero")).toBeCloseTo(talib.volatility.zeroMeanAnnual252, 7);
    expect(evaluate(new EwmaVolatility(), returns).at(-1)).toBeCloseTo(talib.volatility.ewma94Daily, 10);
  });
});

describe("300 days of the S&P 500 against the TA-Lib library", () => {
  const { high, low, close, ...expected } = spx.columns;
  const days = close.map((c, i) => ({ high: high[i]!, low: low[i]!, close: c }));
  const bands = evaluate(new Bollinger(), close);
  const columns: Record<keyof typeof expected, (number | undefined)[]> = {
    SMA_10: evaluate(new Sma(10), close),
    SMA_50: evaluate(new Sma(50), close),
    EMA_12: evaluate(new Ema(12), close),
    EMA_26: evaluate(new Ema(26), close),
    RSI_14: evaluate(new Rsi(14), close),
    BB_UPPER_20_2: bands.map((b) => b?.upper),
    BB_MIDDLE_20_2: bands.map((b) => b?.middle),
    BB_LOWER_20_2: bands.map((b) => b?.lower),
    STDDEV_20: bands.map((b) => b?.sd),
    TRANGE: evaluate(new TrueRange(), days),
    ATR_14: evaluate(new Atr(14), days),
    MAX_20: evaluate(new RollingMax(20), close),
    MIN_20: evaluate(new RollingMin(20), close),
  };

  it.each(Object.keys(expected) as (keyof typeof expected)[])("%s, every day", (name) => {
    const ours = columns[name];
    expect(ours.length).toBe(300);
    expected[name].forEach((value, i) => {
      if (value === null) expect(ours[i]).toBeUndefined();
      else expect(Math.abs(ours[i]! - value) / Math.abs(value)).toBeLessThan(5e-9);
    });
  });
});
