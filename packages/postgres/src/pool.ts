import assert from "node:assert/strict";
import { DatabaseError, Pool as PgPool, type PoolClient, TypeOverrides, types } from "pg";
import { PostgresError } from "./errors.ts";

/** A parameter. `undefined` is not one: pg would write it as NULL, and an unknown must not become a value. */
export type SqlValue = string | number | bigint | boolean | null | Date | Uint8Array | readonly SqlValue[];

/** int8 columns (also in arrays) are bigint, bytea is a Buffer, numeric a string, the rest as pg does. */
export type Row = Record<string, unknown>;
export type Result<R> = { readonly rows: R[]; readonly rowCount: number };

/** A named statement, which each connection parses and plans once. */
export type Prepared = { readonly name: string; readonly text: string };

export interface Sql {
  /** `R` is the caller's word for the columns the text selects; it is not checked. */
  query<R extends object = Row>(text: string | Prepared, values?: readonly SqlValue[]): Promise<Result<R>>;
}

export interface Pool extends Sql, AsyncDisposable {
  /**
   * Runs `fn` in one transaction on one connection: commits what it returns, rolls back and rethrows what it throws.
   * `CONNECTION_LOST` from the commit leaves open whether it happened: ask the database.
   */
  transaction<T>(fn: (sql: Sql) => Promise<T>): Promise<T>;
  /** Waits for what is under way. Safe to call twice. */
  close(): Promise<void>;
}

export type PoolOptions = {
  readonly max: number;
  readonly applicationName: string;
  readonly statementTimeoutMs?: number;
  readonly idleInTransactionTimeoutMs?: number;
};

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * A pool of connections. An error of a statement is pg's `DatabaseError`, see `sqlState`; a connection that cannot be
 * made or breaks is a `PostgresError` with code `CONNECTION_LOST`.
 */
export function openPool(url: string, options: PoolOptions): Pool {
  const pool = new PgPool({
    connectionString: url,
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
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= pool.end();
    return closing;
  };
  return {
    query: (text, values) => withClient(pool, (client) => run(client, text, values)),
    transaction: (fn) => withClient(pool, (client, discard) => transact(client, discard, fn)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** For hot statements. The name is the statement's identity on a connection: one name, one text. */
export function prepare(name: string, text: string): Prepared {
  assert(Buffer.byteLength(name) > 0 && Buffer.byteLength(name) < 64, "PostgreSQL cuts names at 63 bytes");
  return { name, text };
}

/** The SQLSTATE of a statement's error ("23505": unique violation), undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

async function withClient<T>(pool: PgPool, use: (client: PoolClient, discard: () => void) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => Promise.reject(translate(error)));
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

async function run<R extends object>(
  client: PoolClient,
  text: string | Prepared,
  values: readonly SqlValue[] | undefined,
): Promise<Result<R>> {
  const statement = typeof text === "string" ? { text } : text;
  // Without values pg sends a simple query, which may hold several statements.
  const query = values === undefined ? statement : { ...statement, values: [...values] };
  const result = await client.query<R & Row>(query).catch((error: unknown) => Promise.reject(translate(error)));
  return { rows: result.rows, rowCount: result.rowCount ?? 0 };
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

/** A statement's error stays what it is; what says that there is no connection gets our code. */
function translate(error: unknown): unknown {
  const state = sqlState(error);
  // Class 08: connection exception; 57P01 to 57P03: the server stops, has crashed, or is starting.
  const isLost = state === undefined ? error instanceof Error : state.startsWith("08") || state.startsWith("57P0");
  if (!isLost || !(error instanceof Error)) return error;
  return new PostgresError("CONNECTION_LOST", `No connection to the database: ${error.message}`, { cause: error });
}

function columnTypes(): TypeOverrides {
  const columns = new TypeOverrides();
  columns.setTypeParser(types.builtins.INT8, BigInt);
  columns.setTypeParser(INT8_ARRAY, parseBigints);
  return columns;
}

const INT8_ARRAY = 1016; // pg_type.dat; pg has no name for it

/** `{1,NULL,{2}}`, after bounds like `[0:2]=` where they are not the usual ones. */
function parseBigints(text: string): unknown {
  const json = text
    .replace(/^.*=/, "")
    .replace(/-?\d+/g, '"$&"')
    .replace(/NULL/g, "null")
    .replace(/{/g, "[")
    .replace(/}/g, "]");
  return JSON.parse(json, (_key, value: unknown) => (typeof value === "string" ? BigInt(value) : value));
}
