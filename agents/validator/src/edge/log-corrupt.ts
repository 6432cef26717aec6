import type { LogName } from "@countersign/quorum";

/** The log holds what cannot be: nothing may be built on it, and the process stops. */
export class LogCorrupt extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "LogCorrupt";
    this.code = code;
  }
}

export function corrupt(log: LogName, seq: bigint, code: string): LogCorrupt {
  return new LogCorrupt(code, `entry ${seq} of the ${log} log cannot be: ${code}`);
}
