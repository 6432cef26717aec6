import { QuantError, type QuantErrorCode } from "./error.ts";

/** Beyond 1e150 a square overflows to Infinity, which JSON would turn into null; no price or return comes near. */
const LARGEST = 1e150;

/** A finite observation. Minus zero becomes zero, because JSON does not keep its sign and a restored run must be equal. */
export function finite(x: number, name = "x", code: QuantErrorCode = "BAD_INPUT"): number {
  if (!Number.isFinite(x) || Math.abs(x) > LARGEST) throw new QuantError(code, `${name} must be a finite number: ${x}`);
  return x + 0;
}

export function positive(x: number, name = "x", code: QuantErrorCode = "BAD_INPUT"): number {
  if (!(finite(x, name, code) >= 1 / LARGEST)) throw new QuantError(code, `${name} must be positive: ${x}`);
  return x;
}

/** A window length or a period count. */
export function countOf(n: number, name: string, least = 1): number {
  if (!Number.isSafeInteger(n) || n < least) {
    throw new QuantError("BAD_PARAMETER", `${name} must be an integer of at least ${least}: ${n}`);
  }
  return n;
}

/** A probability strictly between 0 and 1. */
export function probability(p: number, name: string): number {
  if (!(p > 0 && p < 1)) throw new QuantError("BAD_PARAMETER", `${name} must lie strictly between 0 and 1: ${p}`);
  return p;
}
