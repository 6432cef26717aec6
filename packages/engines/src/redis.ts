import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "./errors.ts";
import { install, said } from "./install.ts";
import { type EngineProcess, freePorts, SupervisedServer } from "./server.ts";

export interface RedisServer extends EngineProcess, AsyncDisposable {
  readonly url: string;
}

/**
 * A real Redis that keeps nothing on disk: the one that COUNTERSIGN_REDIS names (redis://…), or one started here on a free loopback
 * port. @throws EngineError
 */
export async function redis(): Promise<RedisServer> {
  const given = process.env.COUNTERSIGN_REDIS;
  if (given !== undefined) return givenServer(given);
  const dir = mkdtempSync(join(tmpdir(), "countersign-redis-"));
  const command = await redisProgram();
  const [port] = await freePorts(1);
  const server = new SupervisedServer({
    name: "Redis",
    command,
    args: ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--appendonly", "no", "--dir", dir],
    graceMs: 0,
    removeAtEnd: [dir],
    logFile: join(dir, "redis.log"),
    port: port!,
  });
  await server.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return server.pid;
    },
    kill: () => server.kill(),
    stop: () => server.stop(),
    start: () => server.start(),
    [Symbol.asyncDispose]: async () => {
      await server.end();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export const REDIS_PACKAGE = "redis-server";

/** @throws EngineError PROGRAM_MISSING */
export async function redisProgram(): Promise<string> {
  if ((await said("redis-server", ["--version"])) === undefined) await install("Redis", [REDIS_PACKAGE]);
  return "redis-server";
}

function givenServer(url: string): RedisServer {
  const refuse = async () => {
    throw new EngineError("NOT_OURS", "The server of COUNTERSIGN_REDIS is not ours to end: unset it for this");
  };
  return { url, pid: undefined, kill: refuse, stop: refuse, start: refuse, [Symbol.asyncDispose]: async () => {} };
}
