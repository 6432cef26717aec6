import { type Bar, checkOpinion, gaussian, type Opinion, Prng, type Strategy } from "@countersign/quant";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import days from "../packages/quant/src/vectors/talib-252.json" with { type: "json" };
import breakout from "./breakout.ts";
import meanReversion from "./mean-reversion.ts";
import trend from "./trend.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe.each([
  // The first bar at which the seed of its slowest average weighs no more than 5 %.
  { strategy: trend, silentBars: 64 },
  { strategy: meanReversion, silentBars: 55 },
  { strategy: breakout, silentBars: 55 },
])("$strategy.name", ({ strategy, silentBars }) => {
  it("is silent while its averages settle, then speaks only of a change, and every opinion is sound", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 32n }), (seed) => {
        const opinions = listen(strategy, walk(seed, 600));
        const spoken = opinions.flatMap((opinion, i) => (opinion === undefined ? [] : [{ opinion, i }]));
        expect(spoken.length).toBeGreaterThan(0);
        expect(spoken.length).toBeLessThan(60);
        expect(spoken[0]!.i).toBeGreaterThanOrEqual(silentBars);
        let last = 0;
        for (const { opinion } of spoken) {
          expect(checkOpinion(opinion)).toBeUndefined();
          expect(opinion.direction).not.toBe(last);
          if (opinion.direction === 0) expect(opinion).toMatchObject({ confidence: 1, expectedReturn: 0 });
          last = opinion.direction;
        }
      }),
      { numRuns: 20 },
    );
  });

  it("restored from JSON at any bar, it continues as if uninterrupted", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 32n }), fc.nat(400), (seed, cut) => {
        const bars = walk(seed, 400);
        const uninterrupted = strategy.create("X");
        const all = bars.map((bar) => uninterrupted.onBar(bar));
        const first = strategy.create("X");
        const head = bars.slice(0, cut).map((bar) => first.onBar(bar));
        const second = strategy.create("X");
        second.restore(JSON.parse(JSON.stringify(first.snapshot())));
        expect([...head, ...bars.slice(cut).map((bar) => second.onBar(bar))]).toStrictEqual(all);
        expect(second.snapshot()).toStrictEqual(uninterrupted.snapshot());
      }),
      { numRuns: 20 },
    );
  });

  it("what comes later changes no opinion before", () => {
    const bars = walk(3n, 400);
    const other = [...bars.slice(0, 300), ...walk(4n, 100)];
    expect(listen(strategy, other).slice(0, 300)).toStrictEqual(listen(strategy, bars).slice(0, 300));
  });

  it("a bar that is none, or another symbol's, is refused and leaves no trace", () => {
    const instance = strategy.create("X");
    for (const bar of walk(5n, 200)) instance.onBar(bar);
    const before = JSON.stringify(instance.snapshot());
    const [bar] = walk(5n, 1) as [Bar];
    for (const change of [{ close: Number.NaN }, { high: Number.POSITIVE_INFINITY }, { low: 0 }, { symbol: "Y" }]) {
      expect(() => instance.onBar({ ...bar, ...change })).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    }
    expect(JSON.stringify(instance.snapshot())).toBe(before);
    expect(() => instance.restore({})).toThrow(expect.objectContaining({ code: "BAD_SNAPSHOT" }));
    expect(JSON.stringify(instance.snapshot())).toBe(before);
  });

  it("thinks the same of minutes as of days; only the horizon differs", () => {
    const [minutes, daily] = [MINUTE, DAY].map((step) => listen(strategy, walk(6n, 400, step)));
    expect(minutes!.map((opinion) => opinion && { ...opinion, horizonMs: opinion.horizonMs * (DAY / MINUTE) })).toEqual(
      daily,
    );
  });

  it("a market that never moves gives it nothing to say", () => {
    expect(listen(strategy, barsOf(Array(200).fill(100) as number[])).every((opinion) => opinion === undefined)).toBe(
      true,
    );
  });

  it("learns: in a market that turns against each of its calls it ends with nothing to expect", () => {
    const instance = strategy.create("X");
    const prng = new Prng(9n);
    let [close, against, claims] = [100, 0, [] as Opinion[]];
    for (let i = 0; i < 3000; i += 1) {
      const open = close;
      close *= 1 + 0.01 * gaussian(prng) - 0.008 * against;
      const opinion = instance.onBar({ ...barsOf([open, close])[1]!, openTimeMs: i, closeTimeMs: i + 1 });
      if (opinion === undefined) continue;
      against = Math.sign(opinion.direction);
      if (against !== 0) claims = [...claims, opinion];
    }
    expect(claims[0]!.expectedReturn).toBeGreaterThan(0);
    expect(claims[0]!.confidence).toBeGreaterThan(0.4);
    expect(claims.at(-1)!.expectedReturn).toBe(0);
    expect(claims.at(-1)!.confidence).toBeLessThan(0.4);
  });
});

describe("trend", () => {
  const quiet = noise(11n, 150, 100, 0.001);

  it("follows a rise, leaves when the averages cross, follows the fall", () => {
    const rise = ramp(quiet.at(-1)!, 0.004, 40);
    const fall = ramp(rise.at(-1)!, -0.004, 60);
    const sides = directions(listen(trend, barsOf([...quiet, ...rise, ...fall])).slice(150));
    expect(sides.slice(0, 2)).toEqual([0.5, 1]);
    expect(sides).toContain(0);
    expect(sides.at(-1)).toBe(-1);
    expect(sides.indexOf(0)).toBeLessThan(sides.indexOf(-1));
  });

  it("expects the measured slope to carry on, no more", () => {
    const opinions = listen(trend, barsOf([...quiet, ...ramp(quiet.at(-1)!, 0.004, 40)])).slice(150);
    const strongest = opinions.findLast((opinion) => opinion !== undefined)!;
    expect(strongest.direction).toBe(1);
    expect(strongest.expectedReturn).toBeGreaterThan(0);
    expect(strongest.expectedReturn).toBeLessThanOrEqual(12 * 0.004 * 1.01);
    expect(strongest.confidence).toBeGreaterThan(0.5);
  });
});

describe("mean reversion", () => {
  const swing = Array.from({ length: 150 }, (_, i) => 100 + Math.sin(i * 1.7) * 0.2 + (i % 3) * 0.05);
  const plunge = [...swing, 99, 98.2, 97.5];

  it("buys the plunge and leaves at the mean", () => {
    const opinions = listen(meanReversion, barsOf([...plunge, 98.5, 99.5, 100]));
    expect(directions(opinions.slice(150)).map(Math.sign)).toEqual([1, 0]);
    const entry = opinions.slice(150).find((opinion) => opinion !== undefined)!;
    expect(entry.features.z).toBeLessThan(-2);
    expect(entry.features.rsi).toBeLessThan(30);
    expect(opinions.findLast((opinion) => opinion !== undefined)!.features.z).toBeGreaterThanOrEqual(0);
  });

  it("gives up when the price has not come back within ten bars", () => {
    const slide = [...plunge, ...ramp(97.5, -0.002, 12)];
    const opinions = listen(meanReversion, barsOf(slide)).slice(150);
    const entry = opinions.findIndex((opinion) => opinion !== undefined);
    const exit = opinions.findIndex((opinion, i) => i > entry && opinion !== undefined);
    expect([exit - entry, opinions[exit]!.direction]).toEqual([10, 0]);
    expect(opinions[exit]!.because).toMatch(/not come back/);
  });

  it("sells the mirror image", () => {
    const mirrored = plunge.map((close) => 200 - close);
    expect(directions(listen(meanReversion, barsOf(mirrored)).slice(150))[0]).toBeLessThan(0);
  });

  it("a far close alone is not enough: the RSI must agree", () => {
    const rising = Array.from({ length: 150 }, (_, i) => 100 + i * 0.5 + (i % 2));
    const opinions = listen(meanReversion, barsOf([...rising, rising.at(-1)! - 9]));
    expect(directions(opinions).every((direction) => direction <= 0)).toBe(true);
  });
});

describe("breakout", () => {
  // Highs 101, lows 99, closes from 99.5 to 100.5: the channel is known exactly.
  const box = Array.from({ length: 100 }, (_, i) => 100 + (i % 3) * 0.5 - 0.5).map((close) => ({
    close,
    high: 101,
    low: 99,
  }));
  const at = (close: number) => ({ close, high: close + 0.1, low: close - 0.1 });
  const sidesOf = (...closes: number[]) => directions(listen(breakout, barsFrom([...box, ...closes.map(at)])));

  it("needs a close beyond the channel of the bars before, not on it", () => {
    expect(sidesOf(101)).toEqual([]);
    expect(sidesOf(101.01)).toEqual([1]);
    expect(sidesOf(99)).toEqual([]);
    expect(sidesOf(98.99)).toEqual([-1]);
  });

  it("leaves on a close below the low of ten bars, turns round below the low of twenty", () => {
    const up = Array.from({ length: 12 }, (_, i) => 102 + i);
    // The last ten bars before the fall have lows from 103.9 up; the last twenty still hold the box and its 99.
    expect(sidesOf(...up, 103.85)).toEqual([1, 0]);
    expect(sidesOf(...up, 103.95)).toEqual([1]);
    expect(sidesOf(...up, 98.9)).toEqual([1, -1]);
  });

  it("claims one average true range", () => {
    const opinion = listen(breakout, barsFrom([...box, at(102)])).at(-1)!;
    expect(opinion.expectedReturn).toBeCloseTo(opinion.features.atr! / 102, 12);
  });
});

it("on 252 recorded days, what the three have said stays said", () => {
  const bars = barsFrom(
    days.close.map((close, i) => ({ close, open: days.open[i]!, high: days.high[i]!, low: days.low[i]! })),
  );
  const said = (strategy: Strategy) =>
    listen(strategy, bars).flatMap((o, i) =>
      o === undefined
        ? []
        : [`${i} ${o.direction.toFixed(2)} ${o.confidence.toFixed(3)} ${o.expectedReturn.toFixed(4)}`],
    );
  expect({ trend: said(trend), meanReversion: said(meanReversion), breakout: said(breakout) }).toMatchInlineSnapshot(`
    {
      "breakout": [
        "75 1.00 0.686 0.0378",
        "136 0.00 1.000 0.0000",
        "145 -1.00 0.708 0.0319",
        "155 0.00 1.000 0.0000",
        "170 1.00 0.676 0.0266",
        "182 0.00 1.000 0.0000",
        "186 -1.00 0.646 0.0291",
        "222 0.00 1.000 0.0000",
        "223 1.00 0.661 0.0356",
      ],
      "meanReversion": [
        "77 -0.69 0.717 0.0663",
        "87 0.00 1.000 0.0000",
        "90 -0.52 0.707 0.0786",
        "98 0.00 1.000 0.0000",
        "123 -0.55 0.693 0.0334",
        "133 0.00 1.000 0.0000",
        "196 0.62 0.757 0.0623",
        "206 0.00 1.000 0.0000",
        "234 -0.51 0.672 0.0441",
        "240 0.00 1.000 0.0000",
      ],
      "trend": [
        "92 0.50 0.679 0.0555",
        "145 0.00 1.000 0.0000",
        "197 -0.50 0.676 0.0414",
        "227 0.00 1.000 0.0000",
      ],
    }
  `);
});

type Shape = { close: number; open?: number; high: number; low: number };

function listen(strategy: Strategy, bars: readonly Bar[]): (Opinion | undefined)[] {
  const instance = strategy.create("X");
  return bars.map((bar) => instance.onBar(bar));
}

function directions(opinions: readonly (Opinion | undefined)[]): number[] {
  return opinions.flatMap((opinion) => (opinion === undefined ? [] : [opinion.direction]));
}

function barsFrom(shapes: readonly Shape[], step = DAY): Bar[] {
  return shapes.map(({ close, open = close, high, low }, i) => {
    return { symbol: "X", openTimeMs: i * step, closeTimeMs: (i + 1) * step, open, high, low, close, volume: 0 };
  });
}

function barsOf(closes: readonly number[], step = DAY): Bar[] {
  const shapes = closes.map((close, i) => {
    const open = closes[i - 1] ?? close;
    return { close, open, high: Math.max(open, close), low: Math.min(open, close) };
  });
  return barsFrom(shapes, step);
}

function noise(seed: bigint, length: number, start: number, sigma: number): number[] {
  const prng = new Prng(seed);
  let close = start;
  return Array.from({ length }, () => {
    close *= 1 + sigma * gaussian(prng);
    return close;
  });
}

function walk(seed: bigint, length: number, step = DAY): Bar[] {
  return barsOf(noise(seed, length, 100, 0.01), step);
}

function ramp(start: number, rate: number, length: number): number[] {
  return Array.from({ length }, (_, i) => start * (1 + rate) ** (i + 1));
}
