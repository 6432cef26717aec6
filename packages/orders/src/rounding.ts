/**
 * How a quotient becomes an integer. The names are those of java.math.RoundingMode, which venues' rule books also use:
 * `half-even` to the nearest, a tie to the even neighbour; `half-up` to the nearest, a tie away from zero; `floor` towards
 * minus infinity; `ceil` towards plus infinity.
 */
export type Rounding = "half-even" | "half-up" | "floor" | "ceil";

/** `numerator / denominator` as an integer, rounded once. The denominator is positive. */
export function divideRounded(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  if (denominator <= 0n) throw new RangeError(`divideRounded: the denominator ${denominator} is not positive`);
  const truncated = numerator / denominator;
  const remainder = numerator - truncated * denominator;
  if (remainder === 0n) return truncated;
  const away = remainder > 0n ? 1n : -1n;
  return roundsAway(truncated, remainder, denominator, rounding) ? truncated + away : truncated;
}

/** Whether the integer next to `truncated`, away from zero, is the answer. The remainder is not zero. */
function roundsAway(truncated: bigint, remainder: bigint, denominator: bigint, rounding: Rounding): boolean {
  if (rounding === "floor") return remainder < 0n;
  if (rounding === "ceil") return remainder > 0n;
  const twice = 2n * (remainder < 0n ? -remainder : remainder);
  if (twice !== denominator) return twice > denominator;
  return rounding === "half-up" || truncated % 2n !== 0n;
}

const POWERS: readonly bigint[] = Array.from({ length: 40 }, (_, exponent) => 10n ** BigInt(exponent));

/** 10 to the power of a small non-negative integer. */
export function powerOfTen(exponent: number): bigint {
  return POWERS[exponent] ?? 10n ** BigInt(exponent);
}
