import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { createServer, Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Account, spawnAs } from "./account.ts";
import { diskFull, PostgresError, saysDiskFull } from "./errors.ts";
import { program, systemEnv } from "./native.ts";
import { ownerSetting, readPostmaster } from "./postmaster.ts";
import type { SupervisorOrder } from "./supervise.ts";

export type LaunchPlan = {
  readonly native: string;
  readonly home: string;
  readonly account: Account | undefined;
  readonly findPort: () => Promise<number>;
  readonly removeAtEnd: readonly string[];
};

export type Launched = {
  readonly pid: number;
  readonly port: number;
  readonly supervisor: ChildProcess;
  readonly ended: Promise<unknown>;
  /** What the server has said since it was started. */
  readonly log: () => string;
};

const READY_POLLS = 3_000;
const POLL_MS = 20;

/**
 * Starts a server under its supervisor, on a free port, and waits until it accepts connections (at most 60 s).
 * `ignorePid`: a process id in the lock file that is known to be no server.
 */
export async function launch(plan: LaunchPlan, ignorePid: number | undefined): Promise<Launched> {
  const data = join(plan.home, "data");
  const logFile = join(plan.home, "postgres.log");
  const port = await plan.findPort();
  // What a killed server left says "ready" until the new one writes its own.
  const before = readPostmaster(data);
  const log = openSync(logFile, "a", 0o600);
  const logStart = fstatSync(log).size;
  const said = () => readFileSync(logFile).subarray(logStart).toString();
  const supervisor = spawn(
    process.execPath,
    [fileURLToPath(new URL("supervise.ts", import.meta.url)), JSON.stringify(order(plan, data, port, ignorePid))],
    { cwd: plan.home, env: systemEnv(), detached: true, windowsHide: true, stdio: ["pipe", log, log] },
  );
  closeSync(log);
  await once(supervisor, "spawn").catch((cause: Error) => {
    throw new PostgresError("START_FAILED", `The database's supervisor did not start: ${cause.message}`, { cause });
  });
  const ended = once(supervisor, "exit");
  // A run that ends without stop() is not held up: its end of the pipe closes, and that stops the server.
  supervisor.unref();
  supervisor.stdin?.on("error", () => {});
  if (supervisor.stdin instanceof Socket) supervisor.stdin.unref();

  for (let poll = 0; poll < READY_POLLS; poll++) {
    if (supervisor.exitCode !== null || supervisor.signalCode !== null) {
      throw diagnose(said(), logFile, port);
    }
    const postmaster = readPostmaster(data);
    const isOld = postmaster?.pid === before?.pid && postmaster?.startedAt === before?.startedAt;
    if (!isOld && postmaster?.isReady && postmaster.port === port)
      return { pid: postmaster.pid, port, supervisor, ended, log: said };
    await sleep(POLL_MS);
  }
  supervisor.stdin?.end();
  throw new PostgresError("START_FAILED", `PostgreSQL did not accept connections within 60 s: see ${logFile}`);
}

/** All settings are here and none in postgresql.conf, so that a change of this list reaches databases that exist. */
function order(plan: LaunchPlan, data: string, port: number, ignorePid: number | undefined): SupervisorOrder {
  const settings = [
    ownerSetting(process.pid),
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    "unix_socket_directories=",
    "max_connections=60",
    "shared_buffers=32MB",
    // A log file that grows as it is written, and is not used again. One made whole in advance lies in the page cache in pieces of up to a
    // megabyte on recent kernels, and each commit's sync writes the piece it touched: 12 GB for a day of 355 orders, and 0.9 GB like this.
    "wal_init_zero=off",
    "wal_recycle=off",
    "max_wal_size=256MB",
    "max_parallel_workers_per_gather=0",
    "restart_after_crash=off", // its run has failed by then, and says why
    "io_method=sync", // three processes fewer than PostgreSQL 18's default
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "timezone=UTC",
    "log_timezone=UTC",
    "lc_messages=C",
    // Starts, stops and fatal errors. A statement's error goes to its caller, and a taken claim is none for the log.
    "log_min_messages=log",
    "log_checkpoints=off",
  ];
  return {
    postgres: program(plan.native, "postgres"),
    pgCtl: program(plan.native, "pg_ctl"),
    args: ["-D", data, ...settings.flatMap((setting) => ["-c", setting])],
    env: {
      ...systemEnv(),
      LC_ALL: "C",
      // PostgreSQL does not take this process for a live server, and still looks for old ones in shared memory
      // (CreateLockFile in src/backend/utils/init/miscinit.c). Deleting the lock file would skip that second look.
      ...(ignorePid === undefined ? {} : { PG_GRANDPARENT_PID: String(ignorePid) }),
    },
    ...spawnAs(plan.account),
    removeAtEnd: plan.removeAtEnd,
  };
}

/** Free now; should another program take it before the server does, the caller tries again. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}

function diagnose(log: string, logFile: string, port: number): PostgresError {
  if (saysDiskFull(log)) return diskFull(logFile);
  if (/could not bind .* address/.test(log)) {
    return new PostgresError("PORT_TAKEN", `Another program took port ${port}: start again`);
  }
  if (/lock file ".*" already exists|pre-existing shared memory block/.test(log)) {
    return new PostgresError("DATA_IN_USE", `Another server still works on this data: stop it, see ${logFile}`);
  }
  if (/database files are incompatible with server/.test(log)) {
    return new PostgresError(
      "WRONG_VERSION",
      `The data beside ${logFile} was written by another version of PostgreSQL: use that version, or another directory`,
    );
  }
  const reason = log.match(/(?:FATAL|PANIC): .*/g)?.at(-1) ?? "no reason given";
  return new PostgresError("START_FAILED", `PostgreSQL did not start (${reason}): see ${logFile}`);
}
