/** Decimals as integers of 10^-9, which is as fine as anything on a ledger can be. */
export type Nano = bigint;

/** A number of the ledger's JSON: units of 10^-scale. */
export interface Scaled {
  readonly units: string;
  readonly scale: number;
}

/** Exact. Throws on what is no decimal, or a finer one. */
export function nano(text: string): Nano {
  const [, sign, whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (sign === undefined) throw new Error(`"${text}" is no decimal of at most 9 places`);
  const size = BigInt(whole + fraction.padEnd(9, "0"));
  return sign === "-" ? -size : size;
}

export function nanoOf({ units, scale }: Scaled): Nano {
  if (scale > 9) throw new Error(`a scale of ${scale} is finer than 9 places`);
  return BigInt(units) * 10n ** BigInt(9 - scale);
}

export function decimal(value: Nano): string {
  const size = value < 0n ? -value : value;
  const digits = (size % ONE).toString().padStart(9, "0").replace(/0+$/, "").padEnd(2, "0");
  return `${value < 0n ? "-" : ""}${size / ONE}.${digits}`;
}

/** The value of so much at that price, rounded once, half-even, to places of money. */
export function worth(size: Nano, price: Nano, places: number): Nano {
  return roundTo(size * price, 10n ** BigInt(18 - places)) * 10n ** BigInt(9 - places);
}

/** How many whole steps, half-even. */
export function roundTo(value: bigint, step: bigint): bigint {
  if (value < 0n) return -roundTo(-value, step);
  const [steps, twice] = [value / step, (value % step) * 2n];
  return twice > step || (twice === step && steps % 2n === 1n) ? steps + 1n : steps;
}

const ONE: Nano = 10n ** 9n;
