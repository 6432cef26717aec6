import { expect, it } from "vitest";
import { exposureOf } from "./exposure.ts";
import type { Beta } from "./regression.ts";

const betas: Readonly<Record<string, Beta>> = {
  AAPL: { beta: 1.5, effectiveness: 0.6, isBelieved: true },
  MSFT: { beta: 0.5, effectiveness: 0.4, isBelieved: true },
  GLD: { beta: 3, effectiveness: 0.01, isBelieved: false },
  SPX: { beta: 1, effectiveness: 1, isBelieved: true },
};
const view = { betaOf: (symbol: string) => betas[symbol] };
const of = (positions: Readonly<Record<string, number>>) => exposureOf(positions, view, "SPX");

it.each([
  [{ AAPL: 10_000 }, { value: 15_000, gross: 10_000, beta: 1.5, effectiveness: 0.6 }],
  [{ AAPL: -10_000 }, { value: -15_000, gross: 10_000, beta: 1.5, effectiveness: 0.6 }],
  [
    { AAPL: 10_000, MSFT: -30_000 },
    { value: 0, gross: 40_000, beta: 0.75, effectiveness: 0.4 },
  ],
  [
    { AAPL: 10_000, SPX: -15_000 },
    { value: 15_000, gross: 10_000, beta: 1.5, effectiveness: 0.6 },
  ],
])("of %o it is Σ beta × value, without the hedge itself", (positions, expected) => {
  expect(of(positions)).toEqual(expected);
});

it("what has no believable beta, or none that is known, is not covered (P10)", () => {
  expect(of({ GLD: 50_000, AAPL: 10_000 })).toEqual(of({ AAPL: 10_000 }));
  expect(of({ NEW: 50_000, AAPL: 10_000 })).toEqual(of({ AAPL: 10_000 }));
  expect(of({ GLD: 50_000, NEW: 1 })).toEqual({ value: 0, gross: 0, beta: 0, effectiveness: 0 });
});
