import { divideRounded, type Fixed, formatFixed } from "@countersign/orders";

/** An exact fraction, for the comparison of money with a limit: no rounding lets an order through. */
export interface Rational {
  readonly num: bigint;
  /** Positive. */
  readonly den: bigint;
}

export const zero: Rational = { num: 0n, den: 1n };

export function fromFixed({ units, scale }: Fixed): Rational {
  return { num: units, den: 10n ** BigInt(scale) };
}

export function plus(a: Rational, b: Rational): Rational {
  return a.den === b.den
    ? { num: a.num + b.num, den: a.den }
    : { num: a.num * b.den + b.num * a.den, den: a.den * b.den };
}

export function minus(a: Rational, b: Rational): Rational {
  return plus(a, { num: -b.num, den: b.den });
}

export function times(a: Rational, b: Rational): Rational {
  return { num: a.num * b.num, den: a.den * b.den };
}

/** The divisor is positive. */
export function over(a: Rational, b: Rational): Rational {
  if (b.num <= 0n) throw new RangeError("over: the divisor is not positive");
  return { num: a.num * b.den, den: a.den * b.num };
}

/** Negative, zero or positive, as a is smaller than, equal to or larger than b. */
export function compareRational(a: Rational, b: Rational): number {
  const difference = a.num * b.den - b.num * a.den;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export function magnitude(a: Rational): Rational {
  return a.num < 0n ? { num: -a.num, den: a.den } : a;
}

export function larger(a: Rational, b: Rational): Rational {
  return compareRational(a, b) < 0 ? b : a;
}

/** For people and statistics: rounded once, half-even, to at most 9 decimals. */
export function decimalText(a: Rational, decimals: number): string {
  return formatFixed({ units: divideRounded(a.num * 10n ** BigInt(decimals), a.den, "half-even"), scale: decimals });
}

/** For statistics alone: good to 9 decimals, or 15 digits where those are fewer. */
export function toFloat(a: Rational): number {
  return Number(decimalText(a, 9));
}
