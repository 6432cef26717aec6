/** The command as from a second terminal: called about a cluster's folder, and at its end. */
import { execFile } from "node:child_process";
import { cloneFile } from "@countersign/platform";

export interface Answered {
  /** -1 where a signal ended it. */
  readonly code: number;
  /** What it printed, and then what it complained of. */
  readonly said: string;
}

/** Calls it in `cwd`, about the cluster in `folder`. */
export function countersignIn(cwd: string, folder: string): (...args: string[]) => Promise<Answered> {
  // As the command itself has it: compiled code is kept.
  const env = { ...process.env, NODE_COMPILE_CACHE: cloneFile("node_modules/.cache/countersign") };
  return (...args) =>
    new Promise((resolve) => {
      const program = [cloneFile("cli/src/main.ts"), ...args, "--dir", folder];
      const child = execFile(process.execPath, program, { cwd, env }, (_, out, err) =>
        resolve({ code: child.exitCode ?? -1, said: `${out}${err}` }),
      );
    });
}
