import { probability } from "./checks.ts";
import { exp, ln } from "./elementary.ts";
import { QuantError } from "./error.ts";

const SQRT_TWO_PI = 2.5066282746310002;

/** φ: density of the standard normal. */
export function normalDensity(x: number): number {
  return exp((-x * x) / 2) / SQRT_TWO_PI;
}

/**
 * Φ: P(N ≤ x), absolute error below 1e-15: Φ = ½ + φ(x)(x + x³/3 + x⁵/15 + …), Marsaglia (2004), Journal of
 * Statistical Software 11(4). In the far tail the *relative* error is large; use it for confidences, not for tails.
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) throw new QuantError("BAD_INPUT", "no probability of NaN");
  if (x > 8.5) return 1;
  if (x < -8.5) return 0;
  let sum = 0;
  let term = x;
  for (let odd = 3; sum + term !== sum; odd += 2) {
    sum += term;
    term *= (x * x) / odd;
  }
  return Math.min(1, Math.max(0, 0.5 + sum * normalDensity(x)));
}

/**
 * Φ⁻¹: the x with P(N ≤ x) = p, relative error about 1e-16: Wichura (1988), algorithm AS 241 (PPND16), Applied
 * Statistics 37(3). Throws QuantError BAD_PARAMETER unless 0 < p < 1.
 */
export function normalQuantile(p: number): number {
  const q = probability(p, "p") - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratio(A, B, 0.180625 - q * q);
  const r = Math.sqrt(-ln(q < 0 ? p : 1 - p));
  const x = r <= 5 ? ratio(C, D, r - 1.6) : ratio(E, F, r - 5);
  return q < 0 ? -x : x;
}

function ratio(numerator: readonly number[], denominator: readonly number[], r: number): number {
  return horner(numerator, r) / horner(denominator, r);
}

/** Coefficients run from the highest power to the constant. */
function horner(coefficients: readonly number[], r: number): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * r + coefficient;
  return sum;
}

// Rounded to float64. The names are the paper's: A, B near the middle, C, D in the tail, E, F beyond exp(−25).
const A = [
  2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
  133.14166789178438, 3.3871328727963665,
];
const B = [
  5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
  42.31333070160091, 1,
];
const C = [
  0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
  5.769497221460691, 4.630337846156546, 1.4234371107496835,
];
const D = [
  1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
  1.6763848301838038, 2.053191626637759, 1,
];
const E = [
  2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
  1.7848265399172913, 5.463784911164114, 6.657904643501103,
];
const F = [
  2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615,
  0.1369298809227358, 0.599832206555888, 1,
];
