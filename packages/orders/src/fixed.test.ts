import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  add,
  compare,
  divideRounded,
  money,
  price,
  product,
  quantity,
  type Rounding,
  rescale,
  subtract,
} from "./index.ts";

const scales = fc.integer({ min: 0, max: 9 });
const units = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
const roundings = fc.constantFrom<Rounding>("half-even", "half-up", "floor", "ceil");

describe("divideRounded", () => {
  it.each<[Rounding, bigint[]]>([
    // of -7, -5, -3, -1, 1, 3, 5, 7, each divided by 2
    ["half-even", [-4n, -2n, -2n, 0n, 0n, 2n, 2n, 4n]],
    ["half-up", [-4n, -3n, -2n, -1n, 1n, 2n, 3n, 4n]],
    ["floor", [-4n, -3n, -2n, -1n, 0n, 1n, 2n, 3n]],
    ["ceil", [-3n, -2n, -1n, 0n, 1n, 2n, 3n, 4n]],
  ])("%s decides ties as java.math.RoundingMode does", (rounding, expected) => {
    const halves = [-7n, -5n, -3n, -1n, 1n, 3n, 5n, 7n];
    expect(halves.map((half) => divideRounded(half, 2n, rounding))).toEqual(expected);
  });

  it("is the nearest integer on the side the mode names", () => {
    fc.assert(
      fc.property(units, fc.bigInt({ min: 1n, max: 10n ** 12n }), roundings, (numerator, denominator, rounding) => {
        const error = divideRounded(numerator, denominator, rounding) * denominator - numerator;
        if (rounding === "floor") expect(error <= 0n && -error < denominator).toBe(true);
        else if (rounding === "ceil") expect(error >= 0n && error < denominator).toBe(true);
        else expect(2n * (error < 0n ? -error : error) <= denominator).toBe(true);
      }),
    );
  });

  it("refuses a denominator that is not positive", () => {
    expect(() => divideRounded(1n, 0n, "floor")).toThrow(RangeError);
  });
});

describe("arithmetic", () => {
  it("adds and compares across scales without losing a digit", () => {
    expect(add(price(150n, 2), price(1n, 3))).toEqual(price(1501n, 3));
    expect(subtract(price(150n, 2), price(1n, 3))).toEqual(price(1499n, 3));
    expect(compare(price(150n, 2), price(15n, 1))).toBe(0);
    expect(compare(price(-150n, 2), price(15n, 1))).toBe(-1);
  });

  it("a + b - b is a, at whatever scales", () => {
    fc.assert(
      fc.property(units, scales, units, scales, (a, aScale, b, bScale) => {
        const left = price(a, aScale);
        expect(compare(subtract(add(left, price(b, bScale)), price(b, bScale)), left)).toBe(0);
      }),
    );
  });

  it("refuses to add two currencies", () => {
    expect(() => add(money(1n, 2, "USD"), money(1n, 2, "EUR"))).toThrow(
      expect.objectContaining({ code: "CURRENCY_MISMATCH" }),
    );
  });

  it("rescales exactly, or by the mode that is named", () => {
    expect(rescale(price(125n, 2), 4)).toEqual(price(12500n, 4));
    expect(rescale(price(1250n, 3), 2)).toEqual(price(125n, 2));
    expect(rescale(price(125n, 2), 1, "half-even")).toEqual(price(12n, 1));
    expect(rescale(price(125n, 2), 1, "half-up")).toEqual(price(13n, 1));
    expect(() => rescale(price(125n, 2), 1)).toThrow(expect.objectContaining({ code: "INEXACT" }));
    expect(() => price(1n, 10)).toThrow(expect.objectContaining({ code: "BAD_SCALE" }));
    expect(() => price(1n, 0.5)).toThrow(expect.objectContaining({ code: "BAD_SCALE" }));
  });
});

describe("product", () => {
  it("rounds 100.00 × 82.42135 to cents half-even: 8242.14 (the FX example of TigerBeetle's documentation)", () => {
    expect(product(price(8242135n, 5), quantity(10000n, 2), 2)).toEqual({ units: 824214n, scale: 2 });
  });

  it("is the exact product when the scale holds it, and rounds once when it does not", () => {
    fc.assert(
      fc.property(units, scales, units, scales, scales, roundings, (p, ps, q, qs, scale, rounding) => {
        const result = product(price(p, ps), quantity(q, qs), scale, rounding).units;
        const exact = p * q * 10n ** BigInt(scale);
        expect(result).toBe(divideRounded(exact, 10n ** BigInt(ps + qs), rounding));
      }),
    );
  });
});
