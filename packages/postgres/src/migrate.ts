import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { PostgresError } from "./errors.ts";
import { checkName } from "./name.ts";
import type { Pool } from "./pool.ts";
import type { Sql } from "./sql.ts";

/** `id` orders nothing: the list does. The text may hold several statements, none that refuses a transaction. */
export type Migration = { readonly id: string; readonly sql: string };

/**
 * Brings `schema` up to date: in one transaction, under an advisory lock, it creates the schema and applies each
 * migration that is not recorded in `<schema>.migrations`. Unqualified names in a migration belong to the schema.
 * Safe to call twice and from several processes at once. A record that is not in the list is left alone: a process of
 * the last release may start beside those of the next one.
 * Throws `PostgresError` with `MIGRATION_CHANGED` or `MIGRATION_FAILED`; then nothing was applied.
 */
export async function migrate(pool: Pool, schema: string, migrations: readonly Migration[]): Promise<void> {
  checkName(schema);
  assert.equal(new Set(migrations.map(({ id }) => id)).size, migrations.length, "each migration has its own id");
  await pool.transaction(async (sql) => {
    // Waiting for another process to migrate takes as long as that takes.
    await sql.query("set local statement_timeout = 0");
    // Before anything else: even "create … if not exists" fails when two do it at once.
    await sql.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`countersign.migrate.${schema}`]);
    await sql.query(`create schema if not exists ${schema}`);
    await sql.query(`set local search_path to ${schema}`);
    await sql.query(
      "create table if not exists migrations (id text primary key, sha256 text not null, applied_at timestamptz not null default now())",
    );
    const applied = await readApplied(sql);
    for (const migration of migrations) await applyOnce(sql, schema, migration, applied);
  });
}

async function readApplied(sql: Sql): Promise<Map<string, string>> {
  const { rows } = await sql.query<{ id: string; sha256: string }>("select id, sha256 from migrations");
  return new Map(rows.map(({ id, sha256 }) => [id, sha256]));
}

async function applyOnce(
  sql: Sql,
  schema: string,
  migration: Migration,
  applied: ReadonlyMap<string, string>,
): Promise<void> {
  const sha256 = createHash("sha256").update(migration.sql).digest("hex");
  const recorded = applied.get(migration.id);
  if (recorded === sha256) return;
  if (recorded !== undefined) {
    throw new PostgresError(
      "MIGRATION_CHANGED",
      `Migration ${migration.id} of ${schema} was applied with another text (${recorded.slice(0, 12)}, now ${sha256.slice(0, 12)}): restore it, and write the change as a new migration`,
    );
  }
  try {
    await sql.query(migration.sql);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PostgresError("MIGRATION_FAILED", `Migration ${migration.id} of ${schema} failed: ${reason}`, {
      cause: error,
    });
  }
  // Qualified: the migration may have set another search path.
  await sql.query(`insert into ${schema}.migrations (id, sha256) values ($1, $2)`, [migration.id, sha256]);
}
