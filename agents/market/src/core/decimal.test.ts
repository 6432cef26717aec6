import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecimalReader, decimalPlaces, formatUnits } from "./decimal.ts";

const read = (text: string, scale: number, step = 1) => {
  const reader = new DecimalReader();
  const bytes = Buffer.from(`x${text}x`);
  return { units: reader.read(bytes, 1, bytes.length - 1, scale, step), rounded: reader.rounded };
};

/** The slow truth: the text as a fraction of bigints, rounded half-even to a multiple of step units. */
function oracle(text: string, scale: number, step: number): bigint {
  const [, sign, whole = "", fraction = ""] = /^(-?)(\d*)\.?(\d*)$/.exec(text) as RegExpExecArray;
  const numerator = BigInt(`${whole}${fraction}` || "0") * 10n ** BigInt(scale);
  const denominator = 10n ** BigInt(fraction.length) * BigInt(step);
  const below = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  const up = twice > denominator || (twice === denominator && below % 2n === 1n);
  return (sign ? -1n : 1n) * (up ? below + 1n : below) * BigInt(step);
}

describe("DecimalReader", () => {
  it("reads any decimal text to the units that exact arithmetic gives, on any tick", () => {
    const digits = (maxLength: number) =>
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength }).map((list) => list.join(""));
    const ties = fc.constantFrom("5", "25", "125", "50", "500", "49999", "50001", "375");
    const text = fc
      .record({ sign: fc.constantFrom("", "-"), whole: digits(6), fraction: fc.oneof(digits(12), ties) })
      .filter(({ whole, fraction }) => whole + fraction !== "")
      .map(({ sign, whole, fraction }) => `${sign}${whole}.${fraction}`);
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 0, max: 9 }),
        fc.constantFrom(1, 2, 5, 25, 10, 125, 7),
        (value, scale, step) => {
          const { units, rounded } = read(value, scale, step);
          expect(BigInt(units)).toBe(oracle(value, scale, step));
          expect(rounded).toBe(
            BigInt(`${value}`.replace(/[-.]/g, "") || "0") * 10n ** BigInt(scale) !==
              BigInt(Math.abs(units)) * 10n ** BigInt(value.split(".")[1]?.length ?? 0),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["1438.359985", 2, 143836],
    ["0.125", 2, 12],
    ["0.135", 2, 14],
    ["0.1250000000001", 2, 13],
    ["+7", 1, 70],
    ["3.", 0, 3],
    ["1e-05", 6, 10],
    ["-2.5E1", 0, -25],
    ["9007199254740991", 0, Number.MAX_SAFE_INTEGER],
    ["0000000000000000000000012", 0, 12],
  ])("reads %s at scale %i as %i", (text, scale, units) => {
    expect(read(text, scale).units).toBe(units);
  });

  it("rounds once: what is a little above the middle of two ticks goes up although it is the middle at the scale", () => {
    expect(read("0.0501", 2, 10).units).toBe(10);
    expect(read("0.0500", 2, 10).units).toBe(0);
  });

  it.each(["", ".", "-", "NaN", "1.2.3", "1,5", "0x10", "Infinity", "1e", "e5", "1 2", "١", "1e99"])(
    "refuses %j",
    (text) => {
      expect(read(text, 2).units).toBeNaN();
    },
  );

  it("refuses what is not exact in a number", () => {
    expect(read("9007199254740992", 0).units).toBeNaN();
    expect(read("90071992547409.93", 2).units).toBeNaN();
    expect(read("9".repeat(400), 2).units).toBeNaN();
  });
});

describe("formatUnits", () => {
  it("writes what the reader reads back", () => {
    const units = fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(units, fc.integer({ min: 0, max: 9 }), (value, scale) => {
        expect(read(formatUnits(value, scale), scale)).toEqual({ units: value + 0, rounded: false });
      }),
    );
  });
});

describe("decimalPlaces", () => {
  it.each([
    ["64.500000", 1],
    ["1438.359985", 6],
    ["12", 0],
    ["5e-06", 9],
  ])("of %s is %i", (text, places) => {
    expect(decimalPlaces(text)).toBe(places);
  });
});
