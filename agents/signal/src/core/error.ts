/** A strategy is the user's code: what is wrong with it is theirs to mend, so it stops the run and names the strategy. */
export class SignalError extends Error {
  readonly code: SignalErrorCode;

  constructor(code: SignalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SignalError";
    this.code = code;
  }
}

/**
 * - `STRATEGY_THREW`: on a bar; the message names strategy, symbol and bar, the cause is what it threw
 * - `BAD_OPINION`: a number that is none, or out of its range: a mistake, and no weak opinion to be outvoted
 * - `STRATEGY_TWICE`: two strategies of one id
 */
export type SignalErrorCode = "STRATEGY_THREW" | "BAD_OPINION" | "STRATEGY_TWICE";
