import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatFixed, fromNumber, parseFixed, parseMoney, parsePrice, price, toNumber } from "./index.ts";

const fixed = fc.record({ units: fc.bigInt(), scale: fc.integer({ min: 0, max: 9 }) });

describe("decimal text", () => {
  it.each([
    ["0", 0n, 0],
    ["-0.05", -5n, 2],
    ["12.340", 12340n, 3],
    ["007", 7n, 0],
    ["9007199254740993.000000001", 9007199254740993000000001n, 9],
  ])("%s is %s at scale %s", (text, units, scale) => {
    expect(parseFixed(text)).toEqual({ units, scale });
  });

  it("takes the scale it is given, when every digit fits", () => {
    expect(parsePrice("1.5", 2)).toEqual(price(150n, 2));
    expect(parsePrice("1.500", 2)).toEqual(price(150n, 2));
    expect(parseMoney("3", "USD", 2)).toEqual({ units: 300n, scale: 2, currency: "USD" });
    expect(() => parsePrice("1.505", 2)).toThrow(expect.objectContaining({ code: "INEXACT" }));
    expect(() => parsePrice("1.0123456789")).toThrow(expect.objectContaining({ code: "BAD_SCALE" }));
  });

  it.each(["", ".5", "5.", "1e3", "+1", "1,000", " 1", "NaN", "0x10", "--1", "١"])("refuses %j", (text) => {
    expect(() => parseFixed(text)).toThrow(expect.objectContaining({ code: "BAD_DECIMAL" }));
  });

  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(fixed, (value) => {
        expect(parseFixed(formatFixed(value))).toEqual(value);
      }),
    );
  });
});

describe("the border to float64", () => {
  it("toNumber is the float64 nearest to the decimal", () => {
    fc.assert(
      fc.property(fixed, (value) => {
        expect(toNumber(value)).toBe(Number(formatFixed(value)));
      }),
    );
  });

  it("fromNumber rounds the exact binary value, which for 0.1 lies a little above it", () => {
    expect(fromNumber(0.1, 9, "floor").units).toBe(100000000n);
    expect(fromNumber(0.1, 9, "ceil").units).toBe(100000001n);
    expect(fromNumber(-2.5, 0, "half-even").units).toBe(-2n);
    expect(fromNumber(2 ** 80, 2, "half-even").units).toBe(2n ** 80n * 100n);
    expect(fromNumber(Number.MIN_VALUE, 9, "ceil").units).toBe(1n);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("fromNumber refuses %s", (value) => {
    expect(() => fromNumber(value, 2, "floor")).toThrow(expect.objectContaining({ code: "BAD_DECIMAL" }));
  });
});
