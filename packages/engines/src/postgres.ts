import { setTimeout as sleep } from "node:timers/promises";
import { type EmbeddedServer, startEmbedded } from "@countersign/postgres";
import { EngineError } from "./errors.ts";
import type { EngineProcess } from "./server.ts";

export interface PostgresServer extends EngineProcess, AsyncDisposable {
  /** With the password: a secret. */
  readonly url: string;
}

/**
 * The server that COUNTERSIGN_POSTGRES names (postgres://…), or the embedded one with its data in `dir`. That one has the same address
 * however often it is ended and started again. @throws PostgresError
 */
export async function postgres({ dir }: { readonly dir: string }): Promise<PostgresServer> {
  const given = process.env.COUNTERSIGN_POSTGRES;
  if (given !== undefined) return givenServer(given);
  let server: EmbeddedServer = await startEmbedded({ dir });
  const { url, port } = server;
  return {
    url,
    get pid() {
      return isAlive(server.pid) ? server.pid : undefined;
    },
    async kill() {
      // The postmaster: its backends see that it is gone, and end by themselves.
      if (isAlive(server.pid)) process.kill(server.pid, "SIGKILL");
      while (isAlive(server.pid)) await sleep(POLL_MS);
    },
    stop: () => server.stop(),
    async start() {
      if (isAlive(server.pid)) return;
      server = await startEmbedded({ dir, port });
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

function givenServer(url: string): PostgresServer {
  const refuse = async () => {
    throw new EngineError("NOT_OURS", "The server of COUNTERSIGN_POSTGRES is not ours to end: unset it for this");
  };
  return { url, pid: undefined, kill: refuse, stop: refuse, start: refuse, [Symbol.asyncDispose]: async () => {} };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const POLL_MS = 20;
