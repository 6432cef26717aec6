import type { Migration } from "@countersign/postgres";

/** The tables of one instance's logs. What must be once for ever is a primary key. */
export const migrations: readonly Migration[] = [
  {
    id: "0001-quorum-log",
    sql: `
create table heads (
  log text primary key,
  seq bigint not null,
  digest bytea not null
);
insert into heads select log, 0, decode(repeat('00', 32), 'hex') from unnest(array['control', 'ledger']) as log;
create table entries (
  log text not null references heads,
  seq bigint not null check (seq > 0),
  digest bytea not null,
  entry bytea not null,
  votes bytea[] not null,
  committed_by text not null,
  committed_at timestamptz not null default now(),
  primary key (log, seq)
);
create table ops (
  op_id text primary key,
  log text not null,
  seq bigint not null
);
create table executions (
  execution_id text primary key,
  log text not null,
  seq bigint not null
);
create table votes (
  log text not null,
  seq bigint not null,
  round int8 not null,
  validator text not null,
  digest bytea not null,
  primary key (log, seq, round, validator)
);`,
  },
  // An execution is once because those who vote have folded the log: see docs/decisions/0018-a-vote-is-for-the-next-entry.md.
  { id: "0002-no-executions", sql: "drop table executions;" },
];
