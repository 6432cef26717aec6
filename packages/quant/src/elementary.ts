import { QuantError } from "./error.ts";

/**
 * Logarithm and exponential from additions, multiplications and divisions alone. ECMAScript leaves the last bit of
 * Math.log, Math.exp, Math.pow and ** to the engine; decisions that are replayed on another machine must not depend on
 * it. (Math.sqrt is the correctly rounded instruction of IEEE 754 everywhere.) Both functions are within 2 ulp of the
 * true value at the points the tests hold them to.
 */

// ln 2 in two parts (fdlibm): the high one has 21 trailing zero bits, so its product with an exponent is exact.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** Natural logarithm of x > 0. For returns near zero, `x` close to 1, no digits are lost: x − 1 is exact there. */
export function ln(x: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) throw new QuantError("BAD_INPUT", `no logarithm of ${x}`);
  const [mantissa, exponent] = split(x);
  // x = m·2^k with m in [√½, √2): ln x = k ln 2 + 2 artanh(s), s = (m − 1)/(m + 1), |s| < 0.1716.
  const s = (mantissa - 1) / (mantissa + 1);
  const z = s * s;
  let series = 0;
  for (let odd = 23; odd >= 3; odd -= 2) series = z * (series + 1 / odd);
  return exponent * LN2_HIGH + (2 * s + (2 * s * series + exponent * LN2_LOW));
}

/** e^x; 0 below −745, Infinity above 710. */
export function exp(x: number): number {
  if (Number.isNaN(x)) throw new QuantError("BAD_INPUT", "no exponential of NaN");
  if (x > 710) return Number.POSITIVE_INFINITY;
  if (x < -746) return 0;
  // x = k ln 2 + r with |r| ≤ ½ ln 2, where fourteen Taylor terms leave less than 1e-18.
  const k = Math.round(x / LN2_HIGH);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let series = 1;
  for (let n = 14; n >= 1; n -= 1) series = 1 + (r / n) * series;
  return scale(series, k);
}

const FLOAT = new Float64Array(1);
const WORDS = new BigUint64Array(FLOAT.buffer);
const SMALLEST_NORMAL = 2.2250738585072014e-308;
const TWO_TO_54 = 0x40_0000_0000_0000;
const EXPONENT_BITS = 0x7ffn << 52n;
const EXPONENT_OF_ONE = 1023n << 52n;

function split(x: number): [mantissa: number, exponent: number] {
  const subnormal = x < SMALLEST_NORMAL;
  FLOAT[0] = subnormal ? x * TWO_TO_54 : x;
  const bits = WORDS[0]!;
  let exponent = Number((bits & EXPONENT_BITS) >> 52n) - 1023 - (subnormal ? 54 : 0);
  WORDS[0] = (bits & ~EXPONENT_BITS) | EXPONENT_OF_ONE;
  let mantissa = FLOAT[0]!;
  if (mantissa >= Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  return [mantissa, exponent];
}

/** x·2^k in halves, because 2^k alone may not be representable. */
function scale(x: number, k: number): number {
  const half = k >> 1;
  return x * powerOfTwo(half) * powerOfTwo(k - half);
}

function powerOfTwo(k: number): number {
  WORDS[0] = BigInt(k + 1023) << 52n;
  return FLOAT[0]!;
}
