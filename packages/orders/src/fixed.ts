import { OrdersError } from "./error.ts";
import { divideRounded, powerOfTen, type Rounding } from "./rounding.ts";

/** An exact decimal number: units / 10^scale. */
export interface Fixed {
  readonly units: bigint;
  readonly scale: number;
}

/** Exists in types alone: it keeps a price from being passed where a quantity is meant, and costs nothing at run time. */
declare const kind: unique symbol;

/** Money per one unit of the instrument. */
export type Price = Fixed & { readonly [kind]: "price" };
/** How much of an instrument. Signed where it is a position, positive in an order. */
export type Quantity = Fixed & { readonly [kind]: "quantity" };
/** An amount of a currency, such as "USD". */
export type Money = Fixed & { readonly currency: string; readonly [kind]: "money" };

/** As on the wire: units are 64 bits there, and 10^9 leaves room for nine digits before the point. */
export const MAX_SCALE = 9;

/** Throws OrdersError `BAD_SCALE`. */
export function price(units: bigint, scale: number): Price {
  checkScale(scale);
  return { units, scale } as Price;
}

/** Throws OrdersError `BAD_SCALE`. */
export function quantity(units: bigint, scale: number): Quantity {
  checkScale(scale);
  return { units, scale } as Quantity;
}

/** Throws OrdersError `BAD_SCALE`. */
export function money(units: bigint, scale: number, currency: string): Money {
  checkScale(scale);
  return { units, scale, currency } as Money;
}

/** Negative, zero or positive, as a comes before, with or after b. The scales may differ. */
export function compare<T extends Fixed>(a: T, b: T): number {
  checkCurrency(a, b);
  const scale = Math.max(a.scale, b.scale);
  const difference = unitsAt(a, scale) - unitsAt(b, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Exact: the result has the larger scale of the two. Throws OrdersError `CURRENCY_MISMATCH`. */
export function add<T extends Fixed>(a: T, b: T): T {
  checkCurrency(a, b);
  const scale = Math.max(a.scale, b.scale);
  return { ...a, units: unitsAt(a, scale) + unitsAt(b, scale), scale };
}

/** Exact: the result has the larger scale of the two. Throws OrdersError `CURRENCY_MISMATCH`. */
export function subtract<T extends Fixed>(a: T, b: T): T {
  return add(a, negate(b));
}

export function negate<T extends Fixed>(value: T): T {
  return { ...value, units: -value.units };
}

/**
 * The same number at another scale. Without a rounding mode it has to fit exactly.
 * Throws OrdersError `BAD_SCALE`, `INEXACT`.
 */
export function rescale<T extends Fixed>(value: T, scale: number, rounding?: Rounding): T {
  checkScale(scale);
  if (scale >= value.scale) return { ...value, units: unitsAt(value, scale), scale };
  const divisor = powerOfTen(value.scale - scale);
  if (rounding === undefined && value.units % divisor !== 0n)
    throw new OrdersError("INEXACT", `${value.units}/10^${value.scale} does not fit scale ${scale}`);
  return { ...value, units: divideRounded(value.units, divisor, rounding ?? "floor"), scale };
}

/** Price times quantity, rounded once to the scale. Throws OrdersError `BAD_SCALE`. */
export function product(a: Price, b: Quantity, scale: number, rounding: Rounding = "half-even"): Fixed {
  checkScale(scale);
  const shift = a.scale + b.scale - scale;
  const exact = a.units * b.units;
  const units = shift <= 0 ? exact * powerOfTen(-shift) : divideRounded(exact, powerOfTen(shift), rounding);
  return { units, scale };
}

function unitsAt(value: Fixed, scale: number): bigint {
  return value.units * powerOfTen(scale - value.scale);
}

export function checkScale(scale: number): void {
  if (!Number.isInteger(scale) || scale < 0 || scale > MAX_SCALE)
    throw new OrdersError("BAD_SCALE", `scale ${scale} is not an integer from 0 to ${MAX_SCALE}`);
}

function checkCurrency(a: Fixed, b: Fixed): void {
  const left = "currency" in a ? a.currency : undefined;
  const right = "currency" in b ? b.currency : undefined;
  if (left !== right) throw new OrdersError("CURRENCY_MISMATCH", `${left} and ${right} in one operation`);
}
