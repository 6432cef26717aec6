import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { connect, createServer, type Server, Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { EngineError } from "./errors.ts";
import type { SupervisorOrder } from "./supervise.ts";

export interface ServerPlan extends SupervisorOrder {
  /** For messages: "Kafka node 1". */
  readonly name: string;
  readonly logFile: string;
  /** On 127.0.0.1; the server is ready when it accepts a connection here. */
  readonly port: number;
}

/** One server process that can be ended in three ways and started again, on the same port and data. */
export interface EngineProcess {
  /** The server's own; undefined while it does not run. */
  readonly pid: number | undefined;
  /** SIGKILL; returns when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM, after 15 s SIGKILL; returns when the process is gone. */
  stop(): Promise<void>;
  /** Does nothing while it runs. @throws EngineError START_FAILED */
  start(): Promise<void>;
}

const READY_MS = 60_000;
const POLL_MS = 25;
const STOP_MS = 15_000;

/** A server under a supervisor: it ends with `end()`, or a moment after this process has ended, however that happened. */
export class SupervisedServer implements EngineProcess {
  readonly #plan: ServerPlan;
  #running: { supervisor: ChildProcess; pid: number; ended: Promise<unknown> } | undefined;

  constructor(plan: ServerPlan) {
    this.#plan = plan;
  }

  get pid(): number | undefined {
    return this.#running?.pid;
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) return;
    const { name, port } = this.#plan;
    const supervisor = this.#spawn();
    const ended = once(supervisor, "exit");
    const pid = await this.#firstLine(supervisor);
    const running = { supervisor, pid, ended };
    this.#running = running;
    ended.then(() => {
      if (this.#running === running) this.#running = undefined;
    });
    for (const until = Date.now() + READY_MS; Date.now() < until; await sleep(POLL_MS)) {
      if (this.#running !== running) throw this.#failed(`${name} ended while it started`);
      if (await accepts(port)) return;
    }
    await this.end();
    throw this.#failed(`${name} accepted no connection on port ${port} within ${READY_MS / 1_000} s`);
  }

  async kill(): Promise<void> {
    await this.#signal("SIGKILL");
  }

  async stop(): Promise<void> {
    const killer = setTimeout(() => void this.kill(), STOP_MS);
    await this.#signal("SIGTERM");
    clearTimeout(killer);
  }

  /** The end of the run, as the supervisor does it: the order's grace, and its folders removed. */
  async end(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    running.supervisor.ref();
    running.supervisor.stdin?.end();
    await running.ended;
  }

  async #signal(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    running.supervisor.ref();
    try {
      process.kill(running.pid, signal);
    } catch {
      // It has just ended by itself.
    }
    await running.ended;
  }

  #spawn(): ChildProcess {
    const { command, args, graceMs, removeAtEnd, logFile } = this.#plan;
    const order: SupervisorOrder = { command, args, graceMs, removeAtEnd };
    const log = openSync(logFile, "a");
    const program = fileURLToPath(new URL("supervise.ts", import.meta.url));
    const supervisor = spawn(process.execPath, [program, JSON.stringify(order)], {
      detached: true,
      windowsHide: true,
      stdio: ["pipe", "pipe", log],
    });
    closeSync(log);
    // A run that ends without saying so is not held up: its end of the pipe closes, and that ends the server.
    supervisor.unref();
    for (const pipe of [supervisor.stdin, supervisor.stdout]) {
      pipe?.on("error", () => {});
      if (pipe instanceof Socket) pipe.unref();
    }
    return supervisor;
  }

  async #firstLine(supervisor: ChildProcess): Promise<number> {
    supervisor.ref();
    for await (const line of createInterface({ input: supervisor.stdout! })) {
      supervisor.unref();
      if (supervisor.stdout instanceof Socket) supervisor.stdout.unref();
      return Number(line);
    }
    throw this.#failed(`${this.#plan.name} could not be started`);
  }

  #failed(what: string): EngineError {
    const lines = readFileSync(this.#plan.logFile, "utf8").trim().split("\n");
    const said = lines.findLast((line) => /error|fatal|exception/i.test(line)) ?? lines.at(-1) ?? "";
    return new EngineError("START_FAILED", `${what} (${said.slice(0, 300)}): see ${this.#plan.logFile}`);
  }
}

/** Of the nodes of a cluster, from 0. */
export function nodeAt<T>(nodes: readonly T[], index: number): T {
  const node = nodes[index];
  if (node === undefined) throw new Error(`broken invariant: there is no node ${index} of ${nodes.length}`);
  return node;
}

/** Loopback ports that are free now, each once. */
export async function freePorts(count: number): Promise<number[]> {
  const probes: Server[] = [];
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(...PORTS);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    probes.push(probe);
    ports.push(port);
  }
  for (const probe of probes) {
    probe.close();
    await once(probe, "close");
  }
  return ports;
}

/** Below those that a system gives to connections on their way out (32,768 and up on Linux), any of which may be taken a moment later. */
const PORTS = [12_000, 32_000] as const;

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
