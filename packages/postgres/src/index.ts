export { createDatabase, databasesNamed, dropDatabase } from "./database.ts";
export type { EmbeddedOptions, EmbeddedServer } from "./embedded.ts";
export { startEmbedded } from "./embedded.ts";
export type { PostgresErrorCode } from "./errors.ts";
export { PostgresError } from "./errors.ts";
export type { Migration } from "./migrate.ts";
export { migrate } from "./migrate.ts";
export type { Pool, PoolOptions, Prepared, Result, Row, Sql, SqlValue } from "./pool.ts";
export { openPool, prepare, sqlState } from "./pool.ts";
