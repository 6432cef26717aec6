/**
 * Decimal text to integer units without a float in between: "1284.065" at scale 3 is 1284065. A value off its step is rounded
 * once, half-even, from the digits as written; `rounded` then says so until it is set back.
 */
export class DecimalReader {
  rounded = false;

  /**
   * Units of 10^-scale, a multiple of `step`, from the bytes [start, end). NaN when they are no decimal number
   * (`-12`, `.5`, `3.`, `1e-05` are), or when the result is not below 2^53.
   */
  read(bytes: Uint8Array, start: number, end: number, scale: number, step: number): number {
    const first = bytes[start];
    const signed = first === MINUS || first === PLUS;
    let units = 0;
    let digits = 0;
    let decimals = -1; // -1 until the point
    let beyond: Beyond = 0; // what stands behind the last digit that fits, in halves of it
    for (let i = signed ? start + 1 : start; i < end; i++) {
      const digit = (bytes[i] as number) - ZERO;
      if (digit >= 0 && digit <= 9) {
        digits++;
        if (decimals < scale) {
          units = units * 10 + digit;
          if (decimals >= 0) decimals++;
        } else {
          beyond = decimals === scale ? firstBeyond(digit) : furtherBeyond(beyond, digit);
          decimals = scale + 1;
        }
      } else if (bytes[i] === POINT && decimals < 0) {
        decimals = 0;
      } else {
        return this.#readExponent(bytes, start, end, scale, step);
      }
    }
    if (digits === 0) return Number.NaN;
    for (let i = Math.max(decimals, 0); i < scale; i++) units *= 10;
    units = this.#round(units, beyond, step);
    // Every exact value below 2^53 was exact all the way; a larger one cannot have become smaller.
    if (units > Number.MAX_SAFE_INTEGER) return Number.NaN;
    return first === MINUS ? 0 - units : units;
  }

  #round(units: number, beyond: Beyond, step: number): number {
    const rest = units % step;
    if (rest === 0 && beyond === 0) return units;
    this.rounded = true;
    const below = units - rest;
    const odd = (below / step) % 2 === 1;
    const twice = 2 * rest;
    const up =
      twice > step ||
      (twice === step && (beyond > 0 || odd)) ||
      (twice === step - 1 && (beyond === 3 || (beyond === 2 && odd)));
    return up ? below + step : below;
  }

  #readExponent(bytes: Uint8Array, start: number, end: number, scale: number, step: number): number {
    const parts = EXPONENT.exec(latin1(bytes, start, end));
    if (!parts) return Number.NaN;
    const [, sign = "", whole = "", fraction = "", power = ""] = parts;
    const shift = Number(power);
    if (whole + fraction === "" || Math.abs(shift) > 40) return Number.NaN;
    const padded = "0".repeat(40) + whole;
    const point = padded.length + shift;
    const all = padded + fraction + "0".repeat(40);
    const plain = Buffer.from(`${sign}${all.slice(0, point)}.${all.slice(point)}`, "latin1");
    return this.read(plain, 0, plain.length, scale, step);
  }
}

/** The text of integer units: 1284065 at scale 3 is "1284.065". */
export function formatUnits(units: number, scale: number): string {
  const digits = String(Math.abs(units)).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  return `${units < 0 ? "-" : ""}${whole}${scale > 0 ? `.${digits.slice(-scale)}` : ""}`;
}

/** Digits behind the point that are not trailing zeros; 9 (the largest scale there is) for a number with an exponent. */
export function decimalPlaces(text: string): number {
  if (/e/i.test(text)) return 9;
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.slice(point + 1).replace(/0+$/, "").length;
}

export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** 0: nothing, 1: less than half, 2: exactly half, 3: more than half. */
type Beyond = 0 | 1 | 2 | 3;

function firstBeyond(digit: number): Beyond {
  return digit === 0 ? 0 : digit < 5 ? 1 : digit === 5 ? 2 : 3;
}

function furtherBeyond(beyond: Beyond, digit: number): Beyond {
  if (digit === 0) return beyond;
  return beyond === 0 ? 1 : beyond === 2 ? 3 : beyond;
}

const MINUS = 45;
const PLUS = 43;
const POINT = 46;
const ZERO = 48;
const EXPONENT = /^([+-]?)(\d*)\.?(\d*)e([+-]?\d{1,3})$/i;
