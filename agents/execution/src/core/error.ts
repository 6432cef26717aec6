/** Expected failures of this agent, at start. What it refuses later is data, on the record. */
export class ExecutionError extends Error {
  readonly code: ExecutionErrorCode;

  constructor(code: ExecutionErrorCode, message: string) {
    super(message);
    this.name = "ExecutionError";
    this.code = code;
  }
}

/**
 * - `NO_VENUE_FOR_MODE`: nothing in this agent can trade in the mode that was asked for
 * - `BAD_VENUE_ADDRESS`: no address of a venue
 * - `NO_CLOCK`: decision time is not known at the start
 */
export type ExecutionErrorCode = "NO_VENUE_FOR_MODE" | "BAD_VENUE_ADDRESS" | "NO_CLOCK";
