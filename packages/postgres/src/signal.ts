import { execFile } from "node:child_process";

/** INT: fast shutdown. QUIT: immediate shutdown, the next start recovers. KILL: the last resort. */
export type ServerSignal = "INT" | "QUIT" | "KILL";

/** Windows has no signals; there `pg_ctl kill` speaks to the server over its pipe. */
export function signalServer(pid: number, signal: ServerSignal, pgCtl?: string): void {
  if (process.platform === "win32" && pgCtl !== undefined && signal !== "KILL") {
    execFile(pgCtl, ["kill", signal, String(pid)], () => {});
    return;
  }
  try {
    process.kill(pid, `SIG${signal}`);
  } catch {
    // It ended in between.
  }
}
