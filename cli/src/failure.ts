/** What a person is told when something fails: one line with the cure, and an exit code. A stack only for what nobody expected. */

export interface Failure {
  readonly line: string;
  /** Of a broken invariant alone. */
  readonly stack?: string;
  readonly exitCode: number;
}

/** One meaning each. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The person at the keyboard wants to stop. */
export class Interrupted extends Error {
  constructor() {
    super("stopped by you");
    this.name = "Interrupted";
  }
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof Interrupted) return { line: `${error.message}: nothing of this run is kept`, exitCode: 130 };
  if (!(error instanceof Error)) return { line: `broken invariant: ${String(error)}`, exitCode: exitCodes.failed };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code !== undefined && EXPECTED.has(error.name)) {
    return { line: oneLine(error.message), exitCode: code === "BAD_OPTION" ? exitCodes.usage : exitCodes.failed };
  }
  const refusal = code === undefined || !("syscall" in error) ? undefined : systemLine(code, error);
  if (refusal !== undefined) return { line: refusal, exitCode: exitCodes.failed };
  const line = `broken invariant: ${oneLine(error.message)} (this is a mistake of ours; the stack follows)`;
  return { line, stack: error.stack ?? error.message, exitCode: exitCodes.failed };
}

/** By name and code, as every package writes them: so that telling an error does not load the packages. */
const EXPECTED: ReadonlySet<string> = new Set([
  "AuditError",
  "BusError",
  "EngineError",
  "ExecutionError",
  "GrpcError",
  "InputError",
  "MarketError",
  "OrdersError",
  "PolicyError",
  "PostgresError",
  "QuantError",
  "QuorumError",
  "ReplayError",
  "RpcError",
  "SignalError",
  "StoreError",
]);

/** What the operating system refuses. */
function systemLine(code: string, error: Error): string | undefined {
  const place = "path" in error && typeof error.path === "string" ? error.path : "a file";
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return `the disk that holds ${place} is full: free some space and run it again`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `${place} may not be read or written: check its owner and its rights`;
    case "ENOENT":
      return `${place}: no such file or folder`;
    case "EISDIR":
      return `${place} is a folder: name a file`;
    case "EMFILE":
    case "ENFILE":
      return "too many files are open: close other programs, or raise `ulimit -n`";
    default:
      return undefined;
  }
}

function oneLine(message: string): string {
  return message.replace(/\s*\n\s*/g, " ");
}
