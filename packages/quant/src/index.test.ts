import { readFileSync } from "node:fs";
import * as quant from "@countersign/quant";
import { expect, it } from "vitest";

it("the README's example runs and says what it says", () => {
  const example = () => {
    const { Ema, evaluate } = quant;
    // example
    const ema = new Ema(3);
    for (const price of [10, 11, 12, 13]) ema.update(price);
    console.assert(ema.value === 12); // mean of the first three, then e + (13 − e)/2

    const later = new Ema(3);
    later.restore(JSON.parse(JSON.stringify(ema.snapshot()))); // another process, another day
    later.update(14);
    console.assert(later.value === 13);

    const values = evaluate(new Ema(3), [10, 11, 12, 13, 14]); // a batch is the same, folded
    console.assert(values.join() === ",,11,12,13"); // undefined, not 0, while it warms up
    // end
    return [ema.value, later.value, values];
  };
  expect(example()).toEqual([12, 13, [undefined, undefined, 11, 12, 13]]);

  const lines = (text: string) => text.split("\n").map((line) => line.trim());
  const source = lines(readFileSync(new URL(import.meta.url), "utf8"));
  const code = source.slice(source.indexOf("// example") + 1, source.indexOf("// end")).join("\n");
  expect(lines(readFileSync(new URL("../README.md", import.meta.url), "utf8")).join("\n")).toContain(code);
});

it("the public names", () => {
  expect(Object.keys(quant).sort()).toEqual(
    [
      [
        "Atr",
        "Bollinger",
        "Ema",
        "EwmaVolatility",
        "LogReturn",
        "RealisedVolatility",
        "RollingMax",
        "RollingMin",
        "Rsi",
      ],
      ["Sma", "TrueRange", "Wilder", "HedgeRatio", "HistoricalVar", "MaxDrawdown", "ParametricVar", "Sharpe"],
      ["correlationLowerBound", "normalVar", "evaluate", "Cell", "restoreParts", "snapshotParts", "QuantError"],
      ["defineStrategy", "checkBar", "checkOpinion", "formOpinion", "TrackRecord", "arbitrate", "LEAST_CONFIDENCE"],
      ["LEAST_LIQUIDITY", "exp", "ln", "normalCdf", "normalQuantile", "Prng", "gaussian", "uniform"],
    ]
      .flat()
      .sort(),
  );
});
