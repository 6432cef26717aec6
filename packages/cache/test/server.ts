/** A Redis for tests: on a free loopback port, in a directory of its own, forgetting everything. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The one that COUNTERSIGN_REDIS names, else one of our own. Tests keep apart by the name of their platform. */
export async function redisServer(): Promise<RedisServer> {
  const url = process.env.COUNTERSIGN_REDIS;
  return url === undefined ? OwnRedis.start() : { url, stop: async () => {} };
}

const PROGRAM = "redis-server";

/** One that may be killed, stopped and started again. */
export class OwnRedis implements RedisServer {
  readonly port: number;
  readonly #directory: string;
  readonly #settings: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, directory: string, settings: readonly string[]) {
    this.port = port;
    this.#directory = directory;
    this.#settings = settings;
  }

  static async start(...settings: string[]): Promise<OwnRedis> {
    const server = new OwnRedis(await freePort(), await mkdtemp(join(tmpdir(), "countersign-redis-")), settings);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const where = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.#directory];
    const child = spawn(PROGRAM, [...where, "--save", "", "--appendonly", "no", ...this.#settings], {
      // Nothing of ours is inherited: who waits for our output to end must not wait for the server's too.
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#child = child;
    process.once("exit", this.#killNow);
    let said = "";
    await new Promise<void>((resolve, reject) => {
      child.once("error", (cause) =>
        reject(new Error(`${PROGRAM} does not start: install it, or give COUNTERSIGN_REDIS=redis://…`, { cause })),
      );
      child.once("exit", (code) => reject(new Error(`${PROGRAM} ended with ${code}: ${said}`)));
      child.stdout?.on("data", (chunk) => {
        said += chunk;
        if (said.includes("Ready to accept connections")) resolve();
      });
    });
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    process.off("exit", this.#killNow);
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** It keeps its connections and answers nothing. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  readonly #killNow = () => {
    this.#child?.kill("SIGKILL");
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  server.close();
  await once(server, "close");
  return address.port;
}

export async function until(isSo: () => boolean | Promise<boolean>, what: string, withinMs = 10_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`after ${withinMs} ms it is still not so: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
