/**
 * Starts every process of a cluster, writes what they say into `logs/` and who runs into `processes.json`, starts one again that has ended
 * or hangs, and ends them all: by the id of what it started, and nothing else.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cloneFile } from "../inputs.ts";
import { logsDir } from "./cluster.ts";
import { startOf } from "./identity.ts";
import { type LivenessOptions, watchLiveness } from "./liveness.ts";
import { type ProcessState, removeRunRecord, writeRunRecord } from "./run-record.ts";

export interface SupervisorOptions {
  readonly dir: string;
  readonly names: readonly string[];
  /** host:port of each one's health page; one without is known by its pid alone. */
  readonly health: Readonly<Record<string, string>>;
  /** Told when one has ended, and when it is started again. */
  readonly onChange?: (state: ProcessState) => void;
  /** `node PROGRAM DIR NAME` is what runs; for tests. */
  readonly program?: string;
  readonly liveness?: Pick<LivenessOptions, "failuresMax" | "periodMs" | "timeoutMs">;
}

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
/** What Node keeps of the code it has compiled: a process is back in half the time. It lies beside the code, and is trusted like it. */
const CODE_CACHE = cloneFile("node_modules/.cache/countersign");
const RESTART_BASE_MS = 100;
const RESTART_MAX_MS = 5_000;
/** A process that lived so long has started well: the next restart is as quick as the first. */
const LIVED_MS = 10_000;
const STOP_MS = 10_000;

export class Supervisor {
  readonly #o: SupervisorOptions;
  readonly #children = new Map<string, Child>();
  readonly #self = {
    pid: process.pid,
    started: startOf(process.pid) ?? "",
    since: new Date().toISOString(),
  };
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#o = options;
  }

  start(): void {
    for (const name of this.#o.names) {
      const child: Child = {
        name,
        process: undefined,
        since: undefined,
        restarts: 0,
        lastEnd: undefined,
        hung: undefined,
        backoff: 0,
        isOver: false,
        done: Promise.resolve(),
      };
      this.#children.set(name, child);
      this.#spawn(child);
    }
    this.#record();
  }

  states(): readonly ProcessState[] {
    return [...this.#children.values()].map(stateOf);
  }

  /** Sends a signal to one of them, as somebody's hand would. */
  kill(name: string, signal: NodeJS.Signals): void {
    this.#children.get(name)?.process?.kill(signal);
  }

  /** Ends one of them for good. */
  async end(name: string): Promise<void> {
    const child = this.#children.get(name);
    if (child === undefined) return;
    child.isOver = true;
    child.process?.kill("SIGTERM");
    await child.done;
  }

  /** SIGTERM to all, SIGKILL to who has not ended in time. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const children = [...this.#children.values()];
    for (const { process } of children) process?.kill("SIGTERM");
    const all = Promise.all(children.map(({ done }) => done));
    await Promise.race([all, wait(STOP_MS, undefined, { ref: false })]);
    for (const { process } of children) process?.kill("SIGKILL");
    await all;
    removeRunRecord(this.#o.dir);
  }

  #spawn(child: Child): void {
    const { dir, program = MAIN } = this.#o;
    const out = openSync(join(logsDir(dir), `${child.name}.log`), "a");
    const startedMs = performance.now();
    // Its standard input is our life line: it ends when we do, however that happens.
    const env = { NODE_COMPILE_CACHE: CODE_CACHE, ...process.env };
    const started = spawn(process.execPath, [program, dir, child.name], { env, stdio: ["pipe", out, out] });
    closeSync(out);
    child.process = started;
    child.since = new Date().toISOString();
    child.hung = undefined;
    const watching = this.#watch(child, started);
    child.done = new Promise((resolve) => {
      let isOver = false;
      const ended = (why: string) => {
        if (isOver) return;
        isOver = true;
        watching?.[Symbol.dispose]();
        child.process = undefined;
        child.since = undefined;
        child.lastEnd = child.hung ?? why;
        resolve();
        if (this.#isStopping) return;
        this.#changed(child);
        if (child.isOver) return;
        if (performance.now() - startedMs > LIVED_MS) child.backoff = 0;
        setTimeout(() => this.#again(child), Math.min(RESTART_BASE_MS * 2 ** child.backoff++, RESTART_MAX_MS));
      };
      started.once("exit", (code, signal) => ended(signal ?? `exit ${code}`));
      // It could not even be started, as while Node is being installed anew: one that ends at once, and is tried again.
      started.once("error", (error) => ended(error.message));
    });
  }

  /** One that hangs is ended, and started again like any that has ended. */
  #watch(child: Child, started: ChildProcess): Disposable | undefined {
    const address = this.#o.health[child.name];
    if (address === undefined) return undefined;
    const onHung = (why: string) => {
      child.hung = why;
      started.kill("SIGKILL");
    };
    return watchLiveness({ ...this.#o.liveness, address, onHung });
  }

  #again(child: Child): void {
    if (this.#isStopping || child.isOver) return;
    child.restarts++;
    this.#spawn(child);
    this.#changed(child);
  }

  #changed(child: Child): void {
    this.#record();
    this.#o.onChange?.(stateOf(child));
  }

  /** A full disk is no reason to end what runs. */
  #record(): void {
    try {
      writeRunRecord(this.#o.dir, { format: 1, supervisor: this.#self, processes: this.states() });
    } catch (error) {
      console.error(
        `countersign: who runs could not be written down: ${error instanceof Error ? error.message : error}`,
      );
    }
  }
}

interface Child {
  readonly name: string;
  process: ChildProcess | undefined;
  since: string | undefined;
  restarts: number;
  lastEnd: string | undefined;
  /** Why it was ended by us. */
  hung: string | undefined;
  backoff: number;
  /** It is not started again. */
  isOver: boolean;
  done: Promise<void>;
}

function stateOf({ name, process, since, restarts, lastEnd }: Child): ProcessState {
  return { name, pid: process?.pid, since, restarts, lastEnd };
}
