/** What a request can be told no for, before it becomes an order; and why the program does not start. */
export class ExchangeError extends Error {
  readonly code: ExchangeErrorCode;

  constructor(code: ExchangeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ExchangeError";
    this.code = code;
  }
}

/**
 * Of requests:
 * - `BAD_REQUEST`: not what the route takes; the text names the field
 * - `UNAUTHORIZED`: no API key, or none that is known
 * - `WRONG_ACCOUNT`: an order for another account than the key's
 * - `READ_ONLY`: an order or a cancel under a key that is for reading alone
 * - `NO_SUCH_ROUTE`, `TOO_LARGE`
 *
 * Of the start: `BAD_OPTION`, `RECORD_DAMAGED`, `RECORD_IN_USE`.
 */
export type ExchangeErrorCode =
  | "BAD_REQUEST"
  | "UNAUTHORIZED"
  | "WRONG_ACCOUNT"
  | "READ_ONLY"
  | "NO_SUCH_ROUTE"
  | "TOO_LARGE"
  | "BAD_OPTION"
  | "RECORD_DAMAGED"
  | "RECORD_IN_USE";
