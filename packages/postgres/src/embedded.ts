import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serverAccount } from "./account.ts";
import { diskFull, PostgresError, saysDiskFull, withFiles } from "./errors.ts";
import { initialise, removePartials, SUPERUSER } from "./initialise.ts";
import { freePort, type Launched, type LaunchPlan, launch } from "./launch.ts";
import { locateNative, type Native } from "./native.ts";
import { homeOf, reachableNative, SYSTEM_BASES } from "./places.ts";
import { clearWay, endServer } from "./postmaster.ts";
import { sqlState } from "./sql.ts";

export type EmbeddedOptions = {
  /** Holds data, password and log; made if absent, reused if not. */
  readonly dir: string;
  /** Where it listens; otherwise a free one is found. For who has to find it again after its end. */
  readonly port?: number;
  /** Told what a user should know: where the data lies, that the server ended by itself. */
  readonly log?: (line: string) => void;
};

export type EmbeddedServer = AsyncDisposable & {
  /** Of the database `postgres`, with the superuser's password: a secret. */
  readonly url: string;
  readonly port: number;
  /** The postmaster's process id. */
  readonly pid: number;
  /** `<dir>/data`, or a folder outside `dir` when the server's account cannot reach `dir`. */
  readonly dataDir: string;
  /** What stands behind an error of a statement: `DISK_FULL` when the server found its disk full, or else the error itself. */
  explain(error: unknown): Promise<unknown>;
  /** Fast shutdown, then immediate shutdown; returns when the server is gone, after 20 s at most. Safe to call twice. */
  stop(): Promise<void>;
};

/** What tests set otherwise than users. */
export type StartPlan = EmbeddedOptions & {
  readonly native: Native;
  readonly bases: readonly string[];
  readonly findPort: () => Promise<number>;
  readonly isEphemeral: boolean;
};

/**
 * Starts a real PostgreSQL as a child process, on 127.0.0.1 only, with a password. Root runs it as `nobody`. It ends
 * with `stop()`, or a moment after this process has ended, however that happened.
 * Throws `PostgresError`.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { port } = options;
  const findPort = port === undefined ? freePort : async () => port;
  return start({ ...options, native: locateNative(), bases: SYSTEM_BASES, findPort, isEphemeral: false });
}

export async function start(plan: StartPlan): Promise<EmbeddedServer> {
  const { log = () => {} } = plan;
  const dir = resolve(plan.dir);
  const account = serverAccount();
  const { home, native, password } = await withFiles(dir, async () => {
    const home = await homeOf(dir, account, plan.bases);
    const native = await reachableNative(plan.native, account, plan.bases);
    return { home, native, password: await initialise(native, home, account) };
  });
  const data = join(home, "data");
  const removeAtEnd = plan.isEphemeral ? [dir, home] : [];
  const launched = await launchWithRetries(data, { native, home, account, findPort: plan.findPort, removeAtEnd });
  await removePartials(home);
  if (home !== realpathSync(dir)) log(`The database lies in ${data}: the server's account cannot reach ${dir}`);

  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= end(launched, data));
  const onEnd = async () => {
    if (stopping !== undefined) return;
    log(`PostgreSQL ended by itself: see ${join(home, "postgres.log")}`);
    await stop(); // the supervisor may be gone and the server not
  };
  launched.ended.then(onEnd).catch((error: unknown) => log(String(error)));
  return {
    url: `postgres://${SUPERUSER}:${password}@127.0.0.1:${launched.port}/postgres`,
    port: launched.port,
    pid: launched.pid,
    dataDir: data,
    explain: (error) => explain(error, launched, home),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const ATTEMPTS = 20;
const RETRY_MS = 250;

/** Tries again when a port was taken, or while the last processes of a killed server let go of its shared memory. */
async function launchWithRetries(data: string, plan: LaunchPlan): Promise<Launched> {
  for (let attempt = 1; ; attempt++) {
    const ignorePid = await clearWay(data);
    try {
      return await launch(plan, ignorePid);
    } catch (error) {
      const isPassing = error instanceof PostgresError && (error.code === "PORT_TAKEN" || error.code === "DATA_IN_USE");
      if (!isPassing || attempt === ATTEMPTS) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** The server's last words may come a moment after the connection is gone. */
async function explain(error: unknown, launched: Launched, home: string): Promise<unknown> {
  if (sqlState(error) === DISK_FULL) return diskFull(home, error);
  if (!(error instanceof PostgresError) || error.code !== "CONNECTION_LOST") return error;
  await endOf(launched, LAST_WORDS_MS);
  return saysDiskFull(launched.log()) ? diskFull(home, error) : error;
}

const DISK_FULL = "53100"; // PostgreSQL, appendix A
const LAST_WORDS_MS = 5_000;
const SUPERVISOR_MS = 17_000; // a little more than it gives the server

async function end(launched: Launched, data: string): Promise<void> {
  const { pid, supervisor } = launched;
  supervisor.ref();
  supervisor.stdin?.end();
  await endOf(launched, SUPERVISOR_MS);
  supervisor.kill("SIGKILL"); // does nothing to one that has ended
  await endServer(pid, data);
}

/** Waits for it, `ms` at most. The timer holds the run meanwhile: once its connections are gone nothing else may, the supervisor least. */
async function endOf({ ended }: Launched, ms: number): Promise<void> {
  const waiting = new AbortController();
  const timeout = sleep(ms, undefined, { signal: waiting.signal }).catch(() => {});
  await Promise.race([ended, timeout]);
  waiting.abort();
}
