export type PostgresErrorCode =
  | "PLATFORM_MISSING" // no binaries for this machine, or they do not run on it
  | "LIBRARIES_UNLINKED" // the library links are missing and cannot be made
  | "ACCOUNT_MISSING" // we are root and there is no account to run the server as
  | "UNSAFE_DIRECTORY" // a directory for binaries or data could be written by others
  | "DATA_UNREACHABLE" // the data exists where the server's account cannot reach it
  | "WRONG_OWNER" // the data belongs to another account
  | "WRONG_VERSION" // the data was written by another major version
  | "DATA_IN_USE" // another live run owns the data
  | "DISK_FULL"
  | "PORT_TAKEN"
  | "INIT_FAILED"
  | "START_FAILED"
  | "STOP_FAILED"
  | "CONNECTION_LOST" // no connection, or it broke; the outcome of a commit under way is unknown
  | "TRANSACTION_ABORTED" // a statement had failed, its error was swallowed, and the commit rolled back
  | "MIGRATION_CHANGED" // the text of an applied migration is another one now
  | "MIGRATION_FAILED"
  | "DATABASE_EXISTS";

/** An expected failure. The message is one line: what is wrong, and the cure. */
export class PostgresError extends Error {
  readonly code: PostgresErrorCode;

  constructor(code: PostgresErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "PostgresError";
    this.code = code;
  }
}

/** Runs file work at `path`; what the operating system refuses becomes a `PostgresError`. */
export async function withFiles<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) throw error;
    if (error.code === "ENOSPC" || error.code === "EDQUOT") throw diskFull(path, error);
    throw new PostgresError("START_FAILED", `The database cannot use ${path}: ${error.message}`, { cause: error });
  }
}

/** Of what PostgreSQL and initdb print. */
export function saysDiskFull(text: string): boolean {
  return /No space left on device|Disk quota exceeded/.test(text);
}

export function diskFull(path: string, cause?: unknown): PostgresError {
  return new PostgresError("DISK_FULL", `The disk that holds ${path} is full: free some space and start again`, {
    cause,
  });
}
