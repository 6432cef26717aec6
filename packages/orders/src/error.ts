/** Expected failures of this package. An intent that makes no order is no error but data: see `orderFromIntent`. */
export class OrdersError extends Error {
  readonly code: OrdersErrorCode;

  constructor(code: OrdersErrorCode, message: string) {
    super(message);
    this.name = "OrdersError";
    this.code = code;
  }
}

/**
 * - `BAD_DECIMAL`: the text is no plain decimal number, or the number is not finite
 * - `BAD_SCALE`: a scale is an integer from 0 to 9
 * - `INEXACT`: the value does not fit the scale without rounding, and no rounding was asked for
 * - `CURRENCY_MISMATCH`: money of two currencies in one operation
 * - `OUT_OF_RANGE`: more than the wire's 64 bits hold
 * - `BAD_INSTRUMENT`: a row of the instruments file; the message names row and field
 * - `OVERFILL`: executions exceed the order's quantity: either the venue or our record of the order is wrong
 * - `CONTRADICTION`: the venue reports what cannot follow what it reported before
 */
export type OrdersErrorCode =
  | "BAD_DECIMAL"
  | "BAD_SCALE"
  | "INEXACT"
  | "CURRENCY_MISMATCH"
  | "OUT_OF_RANGE"
  | "BAD_INSTRUMENT"
  | "OVERFILL"
  | "CONTRADICTION";
