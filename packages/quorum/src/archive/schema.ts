import type { Migration } from "@countersign/postgres";

/** One validator's archive of the ledger's log. */
export const migrations: readonly Migration[] = [
  {
    id: "0001-archive",
    sql: `
create table entries (
  seq bigint primary key check (seq > 0),
  digest bytea not null,
  entry bytea not null,
  votes bytea[] not null,
  committed_by text not null,
  archived_at timestamptz not null default now()
);`,
  },
];
