import { OrdersError } from "./error.ts";
import { checkScale, type Fixed, type Money, money, type Price, price, type Quantity, quantity } from "./fixed.ts";
import { divideRounded, powerOfTen, type Rounding } from "./rounding.ts";

/**
 * Reads a plain decimal such as "-12.50", exactly: no exponent, no sign "+", no grouping, no float in between.
 * The scale is that of the text, or the given one, which has to hold every digit.
 * Throws OrdersError `BAD_DECIMAL`, `BAD_SCALE`, `INEXACT`.
 */
export function parseFixed(text: string, scale?: number): Fixed {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new OrdersError("BAD_DECIMAL", `${JSON.stringify(text)} is not a decimal number`);
  const fraction = match[3] ?? "";
  const target = scale ?? fraction.length;
  checkScale(target);
  if (/[1-9]/.test(fraction.slice(target)))
    throw new OrdersError("INEXACT", `${text} has more than ${target} decimals`);
  const magnitude = BigInt(match[2] + fraction.slice(0, target).padEnd(target, "0"));
  return { units: match[1] === "-" ? -magnitude : magnitude, scale: target };
}

/** As `parseFixed`. */
export function parsePrice(text: string, scale?: number): Price {
  const value = parseFixed(text, scale);
  return price(value.units, value.scale);
}

/** As `parseFixed`. */
export function parseQuantity(text: string, scale?: number): Quantity {
  const value = parseFixed(text, scale);
  return quantity(value.units, value.scale);
}

/** As `parseFixed`. */
export function parseMoney(text: string, currency: string, scale?: number): Money {
  const value = parseFixed(text, scale);
  return money(value.units, value.scale, currency);
}

/** All decimals of the scale, so that `parseFixed(formatFixed(x))` is x. */
export function formatFixed(value: Fixed): string {
  const sign = value.units < 0n ? "-" : "";
  const digits = (value.units < 0n ? -value.units : value.units).toString().padStart(value.scale + 1, "0");
  if (value.scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -value.scale)}.${digits.slice(-value.scale)}`;
}

/** For statistics alone: the nearest float64. No order, fill or posting is made from it. */
export function toNumber(value: Fixed): number {
  const exact = value.units >= BigInt(Number.MIN_SAFE_INTEGER) && value.units <= BigInt(Number.MAX_SAFE_INTEGER);
  // IEEE division of two exactly held integers is rounded once; a larger numerator would be rounded twice.
  return exact ? Number(value.units) / 10 ** value.scale : Number(formatFixed(value));
}

/**
 * The one way back from statistics: the float64's exact binary value, rounded once by a mode that the caller names.
 * Throws OrdersError `BAD_DECIMAL` for NaN and infinities, `BAD_SCALE`.
 */
export function fromNumber(value: number, scale: number, rounding: Rounding): Fixed {
  checkScale(scale);
  if (!Number.isFinite(value)) throw new OrdersError("BAD_DECIMAL", `${value} is not a finite number`);
  let numerator = value;
  let denominator = 1n;
  // Doubling a float64 is exact, and 2^1074 times the smallest one is an integer.
  while (!Number.isInteger(numerator)) {
    numerator *= 2;
    denominator *= 2n;
  }
  return { units: divideRounded(BigInt(numerator) * powerOfTen(scale), denominator, rounding), scale };
}
