export type QuantErrorCode =
  /** An estimator or function was set up with a value outside its domain. */
  | "BAD_PARAMETER"
  /** An observation is not a finite number, or outside the domain its estimator states. */
  | "BAD_INPUT"
  /** A snapshot is malformed, or was taken from an estimator with other parameters. */
  | "BAD_SNAPSHOT"
  /** A strategy does not have the shape of the contract. */
  | "BAD_STRATEGY";

/** The one error of this package. Whoever throws it has changed nothing: the estimator may go on. */
export class QuantError extends Error {
  readonly code: QuantErrorCode;

  constructor(code: QuantErrorCode, message: string) {
    super(message);
    this.name = "QuantError";
    this.code = code;
  }
}
