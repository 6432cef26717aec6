import assert from "node:assert/strict";
import { PostgresError } from "./errors.ts";
import { checkName } from "./name.ts";
import { openPool, type Pool } from "./pool.ts";
import { sqlState } from "./sql.ts";

/** Creates an empty database on the server of `adminUrl` and returns its URL. Throws `DATABASE_EXISTS`. */
export async function createDatabase(adminUrl: string, name: string): Promise<string> {
  checkName(name);
  await using admin = openAdmin(adminUrl);
  try {
    // template0 is never connected to; template1 in use would refuse to be copied.
    await admin.query(`create database "${name}" template template0`);
  } catch (error) {
    if (sqlState(error) !== "42P04") throw error;
    throw new PostgresError("DATABASE_EXISTS", `The database ${name} exists: choose another name, or drop it`, {
      cause: error,
    });
  }
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Drops the database if it exists, and ends what is connected to it. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  checkName(name);
  assert(!["postgres", "template0", "template1"].includes(name), `${name} belongs to the server`);
  await using admin = openAdmin(adminUrl);
  await admin.query(`drop database if exists "${name}" with (force)`);
}

/** Names of the databases on the server of `adminUrl` that begin like this. */
export async function databasesNamed(adminUrl: string, beginning: string): Promise<readonly string[]> {
  await using admin = openAdmin(adminUrl);
  const { rows } = await admin.query<{ datname: string }>(
    "select datname from pg_database where starts_with(datname, $1) order by datname",
    [beginning],
  );
  return rows.map(({ datname }) => datname);
}

function openAdmin(url: string): Pool {
  return openPool(url, { max: 1, applicationName: "countersign-admin" });
}
