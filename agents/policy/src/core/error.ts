/** Expected failures at start. Whatever is asked of a running Policy is refused, which is data: see refusal.ts. */
export class PolicyError extends Error {
  readonly code: PolicyErrorCode;

  constructor(code: PolicyErrorCode, message: string) {
    super(message);
    this.name = "PolicyError";
    this.code = code;
  }
}

/**
 * - `BAD_LIMITS`: the limits file is none; the message names file, line and field
 * - `ASKS_TOO_LATE`: the limits ask a person later than Execution's own ceiling does: such orders would be permitted and refused
 */
export type PolicyErrorCode = "BAD_LIMITS" | "ASKS_TOO_LATE";
