import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PostgresError } from "./errors.ts";
import { signalServer } from "./signal.ts";

/** What a server says of itself in `postmaster.pid` (PostgreSQL, src/include/utils/pidfile.h). */
export type Postmaster = {
  readonly pid: number;
  /** Seconds since 1970. */
  readonly startedAt: number;
  readonly port: number;
  readonly isReady: boolean;
};

export function readPostmaster(data: string): Postmaster | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { pid, startedAt: Number(lines[2]), port: Number(lines[3]), isReady: lines[7]?.trim() === "ready" };
}

/** The setting by which a server names the run that owns it; it can be read from the server's command line. */
export function ownerSetting(pid: number): string {
  return `cluster_name=countersign/${pid}`;
}

/**
 * Makes sure that no server works on `data`. A server that outlived its run is stopped; that of a live run is an error,
 * after a second in which a server or a run that was killed a moment ago may still be leaving.
 * Returns a process id that stands in the lock file but is some other program's by now, for the new server to ignore.
 */
export async function clearWay(data: string): Promise<number | undefined> {
  for (let poll = 1; ; poll++) {
    const found = readPostmaster(data);
    if (found === undefined || !isAlive(found.pid)) return undefined;
    const owner = ownerOf(found.pid, data);
    if (owner === "other program") return found.pid;
    if (owner !== "unknown" && hasEnded(owner)) {
      await endServer(found.pid, data);
      return undefined;
    }
    if (poll === CLEAR_POLLS) {
      throw new PostgresError(
        "DATA_IN_USE",
        `The database in ${data} is in use by process ${owner} (its server is process ${found.pid}): wait until that run has ended, or stop it`,
      );
    }
    await sleep(POLL_MS);
  }
}

const CLEAR_POLLS = 20;
const POLL_MS = 50;

/**
 * Ends process `pid` if it is (still) the server of `data`: fast shutdown, after 10 s immediate shutdown. It is asked who
 * it is before each signal, because its id may be another program's by then.
 */
export async function endServer(pid: number, data: string): Promise<void> {
  for (const [signal, polls] of [
    ["INT", 200],
    ["QUIT", 100],
  ] as const) {
    for (let poll = 0; poll < polls; poll++) {
      if (!isAlive(pid) || typeof ownerOf(pid, data) === "string") return;
      if (poll === 0) signalServer(pid, signal);
      await sleep(POLL_MS);
    }
  }
  throw new PostgresError("STOP_FAILED", `PostgreSQL (process ${pid}) does not stop: kill it, then start again`);
}

/** The run that owns server `pid` of `data`: a process id, the server's own when a person started it by hand. */
function ownerOf(pid: number, data: string): number | "other program" | "unknown" {
  const command = commandOf(pid);
  if (command === undefined) return "unknown";
  if (!/\bpostgres(\.exe)? /.test(command) || !command.includes(` -D ${data} `)) return "other program";
  const owner = /cluster_name=countersign\/(\d+)/.exec(command)?.[1];
  return owner === undefined ? pid : Number(owner);
}

const ZOMBIE = ""; // it has ended and its parent has not asked; signals still find it

/** The command line, each argument followed by a space, or undefined where it cannot be read. */
function commandOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    if (process.platform === "win32") return undefined;
    return `${execFileSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" }).trim()} `;
  } catch {
    return undefined;
  }
}

function hasEnded(pid: number): boolean {
  return !isAlive(pid) || commandOf(pid) === ZOMBIE;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
