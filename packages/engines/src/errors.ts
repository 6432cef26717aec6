export type EngineErrorCode =
  | "PROGRAM_MISSING" // a program the engine needs is not installed and cannot be installed here
  | "LIBRARIES_MISSING" // Kafka's libraries could not be fetched
  | "START_FAILED" // it was started and did not get ready; the message says where its log is
  | "NOT_OURS"; // an engine given by address is not started, stopped or killed by us

/** Why an engine cannot be had. The message ends in the cure. */
export class EngineError extends Error {
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EngineError";
    this.code = code;
  }
}
