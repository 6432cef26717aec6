import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";

/** The root of the repository. */
export const root = join(import.meta.dirname, "..");
const CODE_CACHE = join(root, "node_modules", ".cache", "countersign");

export interface Outcome {
  /** The exit code; 1 when a signal ended the process or it could not be started. */
  readonly code: number;
  /** stdout and stderr together; empty when they were shown at once. */
  readonly output: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Shows the output as it comes, instead of returning it. */
  readonly show?: boolean;
  /** After this time the process is killed, with all that it started. */
  readonly timeoutMs?: number;
}

/** Runs a tool of node_modules/.bin (or `node`: the one this repository pins) and waits for its end. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const tools = join(root, "node_modules", ".bin");
  const child = spawn(command, args, {
    cwd: options.cwd ?? root,
    // What was compiled once is not compiled again: of a test that is run for one mark, that was a third.
    env: {
      NODE_COMPILE_CACHE: CODE_CACHE,
      ...process.env,
      ...options.env,
      PATH: `${tools}${delimiter}${process.env.PATH ?? ""}`,
    },
    stdio: options.show === true ? "inherit" : ["ignore", "pipe", "pipe"],
    // npm's shims are command files on Windows.
    shell: process.platform === "win32",
    // A group of its own can be killed whole.
    detached: options.timeoutMs !== undefined && process.platform !== "win32",
  });
  const chunks: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
  const stop = options.timeoutMs === undefined ? undefined : () => killGroup(child.pid);
  const timer = stop === undefined ? undefined : setTimeout(stop, options.timeoutMs);
  // Ctrl-C reaches only our own group.
  if (stop !== undefined) process.once("SIGINT", stop);
  return new Promise((resolve) => {
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      if (stop !== undefined) process.off("SIGINT", stop);
      resolve(outcome);
    };
    child.once("error", (error) => end({ code: 1, output: error.message }));
    child.once("close", (code) => end({ code: code ?? 1, output: Buffer.concat(chunks).toString("utf8") }));
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}
