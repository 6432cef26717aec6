import assert from "node:assert/strict";
import { Client, type ClientConfig, Pool as PgPool, type PoolClient } from "pg";
import { PostgresError } from "./errors.ts";
import { openSession, type Session, type SessionEvents } from "./session.ts";
import { columnTypes, run, type Sql, translate, translateConnect } from "./sql.ts";

export interface Pool extends Sql, AsyncDisposable {
  /**
   * Runs `fn` in one transaction on one connection: commits what it returns, rolls back and rethrows what it throws.
   * `CONNECTION_LOST` from the commit leaves open whether it happened: ask the database.
   */
  transaction<T>(fn: (sql: Sql) => Promise<T>): Promise<T>;
  /** A connection of its own beside the pool's, for what belongs to a session: locks that outlive transactions, LISTEN. */
  session(on: SessionEvents): Promise<Session>;
  /** Waits for what is under way; sessions are their owners'. Safe to call twice. */
  close(): Promise<void>;
}

export type PoolOptions = {
  readonly max: number;
  readonly applicationName: string;
  readonly statementTimeoutMs?: number;
  readonly idleInTransactionTimeoutMs?: number;
};

const CONNECT_TIMEOUT_MS = 10_000;

/** Where the database is, with its password; a function is asked for each connection, so that a password may change meanwhile. */
type DatabaseUrl = string | (() => string);

/**
 * A pool of connections. An error of a statement is pg's `DatabaseError`, see `sqlState`; a connection that cannot be
 * made or breaks is a `PostgresError` with code `CONNECTION_LOST`.
 */
export function openPool(address: DatabaseUrl, options: PoolOptions): Pool {
  const url = typeof address === "string" ? () => address : address;
  const pool = new PgPool({
    Client: clientOf(url),
    max: options.max,
    application_name: options.applicationName,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 10_000,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: columnTypes(),
  });
  // Without listeners a connection that breaks between two statements would end the process; the next statement tells.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;
  const follow = async <T>(use: Parameters<typeof withClient<T>>[1]): Promise<T> => {
    if (closing !== undefined)
      throw new PostgresError("CONNECTION_LOST", "No connection to the database: the pool is closed");
    const work = withClient(pool, use);
    underWay.add(work);
    try {
      return await work;
    } finally {
      underWay.delete(work);
    }
  };
  const close = () => {
    // pg-pool forgets who waits for a connection when it ends, and they would wait for ever.
    closing ??= Promise.allSettled(underWay).then(() => pool.end());
    return closing;
  };
  return {
    query: (text, values) => follow((client) => run(client, text, values)),
    transaction: (fn) => follow((client, discard) => transact(client, discard, fn)),
    session: (on) => openSession({ url: url(), applicationName: options.applicationName, types: columnTypes() }, on),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** pg makes each connection of a pool from one set of options; the address is the one that holds now. */
function clientOf(url: () => string) {
  return class extends Client {
    constructor(config?: ClientConfig) {
      super({ ...config, connectionString: url() });
    }
  };
}

async function withClient<T>(pool: PgPool, use: (client: PoolClient, discard: () => void) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => Promise.reject(translateConnect(error)));
  let isBroken = false;
  const discard = () => {
    isBroken = true;
  };
  try {
    return await use(client, discard);
  } catch (error) {
    if (error instanceof PostgresError && error.code === "CONNECTION_LOST") discard();
    throw error;
  } finally {
    client.release(isBroken);
  }
}

async function transact<T>(client: PoolClient, discard: () => void, fn: (sql: Sql) => Promise<T>): Promise<T> {
  let isOpen = true;
  const sql: Sql = {
    query: (text, values) => {
      assert(isOpen, "a transaction's client is not used after its end");
      return run(client, text, values);
    },
  };
  await run(client, "begin", undefined);
  try {
    const result = await fn(sql);
    isOpen = false;
    await commit(client);
    return result;
  } catch (error) {
    isOpen = false;
    await run(client, "rollback", undefined).catch(discard); // without its connection the server rolls back by itself
    throw error;
  }
}

async function commit(client: PoolClient): Promise<void> {
  const { command } = await client.query("commit").catch((error: unknown) => Promise.reject(translate(error)));
  if (command === "COMMIT") return;
  throw new PostgresError(
    "TRANSACTION_ABORTED",
    "The transaction was rolled back, because a statement in it had failed: let its error pass out of the transaction",
  );
}
