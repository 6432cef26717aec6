/** Expected failures of a log. What an entry or a certificate gets wrong is no error but a code. */
export class QuorumError extends Error {
  readonly code: QuorumErrorCode;

  constructor(code: QuorumErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "QuorumError";
    this.code = code;
  }
}

/**
 * - `LOG_UNREACHABLE`: the log's store gives no answer; whether an append happened is unknown: ask `find`
 * - `LOG_FULL`: the log's store takes nothing more
 * - `LOG_PRUNED`: the entries that were asked for are in the validators' archives alone
 * - `LOG_CORRUPT`: the log's store holds what nobody of us has written
 * - `BAD_GENESIS`: the configured genesis cannot be one
 */
export type QuorumErrorCode = "LOG_UNREACHABLE" | "LOG_FULL" | "LOG_PRUNED" | "LOG_CORRUPT" | "BAD_GENESIS";
