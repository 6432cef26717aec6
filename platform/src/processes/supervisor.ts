/**
 * Starts every process of a cluster, writes what they say into `logs/`, starts one again that has ended, and ends them all: by the id of
 * what it started, and nothing else.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { logsDir } from "./cluster.ts";

export interface ProcessState {
  readonly name: string;
  readonly pid: number | undefined;
  /** How often it was started again. */
  readonly restarts: number;
  /** As it ended the last time. */
  readonly lastEnd: string | undefined;
}

export interface SupervisorOptions {
  readonly dir: string;
  readonly names: readonly string[];
  /** Told when one has ended, and when it is started again. */
  readonly onChange?: (state: ProcessState) => void;
}

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const RESTART_BASE_MS = 100;
const RESTART_MAX_MS = 5_000;
/** A process that lived so long has started well: the next restart is as quick as the first. */
const LIVED_MS = 10_000;
const STOP_MS = 10_000;

export class Supervisor {
  readonly #o: SupervisorOptions;
  readonly #children = new Map<string, Child>();
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#o = options;
  }

  start(): void {
    for (const name of this.#o.names) {
      const child: Child = {
        name,
        process: undefined,
        restarts: 0,
        lastEnd: undefined,
        backoff: 0,
        done: Promise.resolve(),
      };
      this.#children.set(name, child);
      this.#spawn(child);
    }
  }

  states(): readonly ProcessState[] {
    return [...this.#children.values()].map(stateOf);
  }

  /** Sends a signal to one of them, as somebody's hand would. */
  kill(name: string, signal: NodeJS.Signals): void {
    this.#children.get(name)?.process?.kill(signal);
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
  }

  #spawn(child: Child): void {
    const out = openSync(join(logsDir(this.#o.dir), `${child.name}.log`), "a");
    const startedMs = performance.now();
    // Its standard input is our life line: it ends when we do, however that happens.
    const started = spawn(process.execPath, [MAIN, this.#o.dir, child.name], { stdio: ["pipe", out, out] });
    child.process = started;
    child.done = new Promise((resolve) => {
      started.once("exit", (code, signal) => {
        child.process = undefined;
        child.lastEnd = signal ?? `exit ${code}`;
        resolve();
        if (this.#isStopping) return;
        this.#o.onChange?.(stateOf(child));
        if (performance.now() - startedMs > LIVED_MS) child.backoff = 0;
        setTimeout(() => this.#again(child), Math.min(RESTART_BASE_MS * 2 ** child.backoff++, RESTART_MAX_MS));
      });
    });
  }

  #again(child: Child): void {
    if (this.#isStopping) return;
    child.restarts++;
    this.#spawn(child);
    this.#o.onChange?.(stateOf(child));
  }
}

interface Child {
  readonly name: string;
  process: ChildProcess | undefined;
  restarts: number;
  lastEnd: string | undefined;
  backoff: number;
  done: Promise<void>;
}

function stateOf({ name, process, restarts, lastEnd }: Child): ProcessState {
  return { name, pid: process?.pid, restarts, lastEnd };
}
