export class SignalError extends Error {
  /** The strategy is the user's code: what it throws is theirs to mend, and stops the run. */
  readonly code: "STRATEGY_THREW" | "BAD_OPINION";

  constructor(code: SignalError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SignalError";
    this.code = code;
  }
}
