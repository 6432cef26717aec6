/** Statements: what they take and give, and what their errors are, on whichever connection they run. */
import assert from "node:assert/strict";
import { type ClientBase, DatabaseError, TypeOverrides, types } from "pg";
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

/** For hot statements. The name is the statement's identity on a connection: one name, one text. */
export function prepare(name: string, text: string): Prepared {
  assert(Buffer.byteLength(name) > 0 && Buffer.byteLength(name) < 64, "PostgreSQL cuts names at 63 bytes");
  return { name, text };
}

/** The SQLSTATE of a statement's error ("23505": unique violation), undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

export async function run<R extends object>(
  client: ClientBase,
  text: string | Prepared,
  values: readonly SqlValue[] | undefined,
): Promise<Result<R>> {
  const statement = typeof text === "string" ? { text } : text;
  // Without values pg sends a simple query, which may hold several statements.
  const query = values === undefined ? statement : { ...statement, values: [...values] };
  const result = await client.query<R & Row>(query).catch((error: unknown) => Promise.reject(translate(error)));
  return { rows: result.rows, rowCount: result.rowCount ?? 0 };
}

/** A statement's error stays what it is; what says that there is no connection gets our code. */
export function translate(error: unknown): unknown {
  const state = sqlState(error);
  // Class 08: connection exception; 57P01 to 57P03: the server stops, has crashed, or is starting.
  const isLost = state === undefined ? error instanceof Error : state.startsWith("08") || state.startsWith("57P0");
  return isLost ? lost(error) : error;
}

function lost(error: unknown): PostgresError {
  const text = error instanceof Error ? error.message : String(error);
  return new PostgresError("CONNECTION_LOST", `No connection to the database: ${text}`, { cause: error });
}

/**
 * The same while a connection is made. Class 28: a password that is not valid, as for a moment while one is changed; 53300: too many
 * connections. Both pass, and until then there is none.
 */
export function translateConnect(error: unknown): unknown {
  const state = sqlState(error);
  const isRefused = state !== undefined && (state.startsWith("28") || state === "53300");
  return isRefused ? lost(error) : translate(error);
}

export function columnTypes(): TypeOverrides {
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
