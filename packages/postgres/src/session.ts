/**
 * A connection of its own that lives as long as its owner wants, and whose end is noticed on both sides: a lock that hangs on it is free
 * soon after its holder died, and the holder soon knows that it has it no more. Not through a pooler that shares sessions.
 */
import { Client, type TypeOverrides } from "pg";
import { run, type Sql, translateConnect } from "./sql.ts";

export interface Session extends Sql {
  /** Safe to call twice. */
  close(): Promise<void>;
}

export interface SessionEvents {
  /** On a channel that the session listens to. */
  onNotify(channel: string, payload: string): void;
  /** Once; not after `close`. */
  onLost(): void;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Of a statement: one that has no answer by then has no connection either. */
const ANSWER_TIMEOUT_MS = 5_000;
/** A peer that is silent for 3 s is asked each second, and given up after three: 6 s. Without effect on a Unix socket. */
const KEEPALIVE =
  "set tcp_keepalives_idle = 3; set tcp_keepalives_interval = 1; set tcp_keepalives_count = 3; set tcp_user_timeout = 6000";

export async function openSession(
  { url, ...options }: { readonly url: string; readonly applicationName: string; readonly types: TypeOverrides },
  on: SessionEvents,
): Promise<Session> {
  const client = new Client({
    connectionString: url,
    application_name: options.applicationName,
    types: options.types,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 3_000,
  });
  let isOver = false;
  const end = (lost: boolean) => {
    if (isOver) return;
    isOver = true;
    if (lost) on.onLost();
  };
  // A connection that breaks says so once by either; without a listener an error would end the process.
  client.on("error", () => end(true));
  client.on("end", () => end(true));
  client.on("notification", ({ channel, payload = "" }) => on.onNotify(channel, payload));
  const lose = (error: unknown): never => {
    end(true);
    // With a statement under way this cuts the connection; there is nobody left to say goodbye to.
    client.end().catch(() => {});
    throw error;
  };
  await client.connect().catch((error: unknown) => {
    end(false);
    throw translateConnect(error);
  });
  const session: Session = {
    async query(text, values) {
      try {
        return await run(client, text, values);
      } catch (error) {
        return isLost(error) ? lose(error) : Promise.reject(error);
      }
    },
    async close() {
      end(false);
      await client.end().catch(() => {});
    },
  };
  await session.query(KEEPALIVE);
  return session;
}

function isLost(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "CONNECTION_LOST";
}
