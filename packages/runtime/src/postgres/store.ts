/** The Store on PostgreSQL: one schema per agent, shared by its replicas. */
import { migrate, type Pool, type Prepared, prepare, sqlState } from "@countersign/postgres";
import { decodeJson, encodeJson } from "../codec.ts";
import {
  type Campaign,
  type ChainRow,
  type Commit,
  type CommitResult,
  type JournalRow,
  type LeaderEvents,
  type Loaded,
  type OutboxRow,
  type Outcome,
  type SnapshotRow,
  type Store,
  StoreError,
  type TimerRow,
} from "../store.ts";
import { PostgresCampaign } from "./campaign.ts";
import { storeMigrations } from "./schema.ts";

export async function openPostgresStore(pool: Pool, schema: string): Promise<Store> {
  await migrate(pool, schema, storeMigrations(schema));
  return new PostgresStore(pool, schema);
}

interface Out {
  readonly msg_id: string;
  readonly kind: OutboxRow["kind"];
  readonly topic: string;
  readonly key: string;
  readonly seq: bigint | null;
  readonly bytes: Uint8Array;
  readonly call_id: string | null;
}

const UNLIMITED = 2 ** 31 - 1;

interface CommitAnswer {
  readonly kind: CommitResult["kind"];
  readonly about: string;
  readonly by: string;
  readonly found_digest: Uint8Array;
  readonly found_answer: Uint8Array | null;
}

/** SQLSTATEs with which PostgreSQL undid a transaction because of another one that ran beside it: the same may succeed when tried again. */
const CONFLICTS: Readonly<Record<string, string>> = { "40P01": "a deadlock", "40001": "a concurrent transaction" };

class PostgresStore implements Store {
  readonly #pool: Pool;
  readonly #schema: string;
  readonly #load: Prepared;
  readonly #commit: Prepared;

  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    this.#schema = schema;
    const parameters = Array.from({ length: 32 }, (_, n) => `$${n + 1}`).join(", ");
    this.#load = prepare(
      `load ${schema}`,
      `select version, case when version = $2 then null else state end as state from ${schema}.aggregates where key = $1`,
    );
    this.#commit = prepare(`commit ${schema}`, `select * from ${schema}.commit_decision(${parameters})`);
  }

  async load(key: string, known?: Loaded): Promise<Loaded> {
    const { rows } = await this.#pool.query<{ version: bigint; state: string | null }>(this.#load, [
      key,
      known?.version ?? null,
    ]);
    const row = rows[0];
    if (row === undefined) return { state: undefined, version: 0n };
    if (row.version === known?.version) return known;
    return { state: decodeJson(row.state ?? ""), version: row.version };
  }

  async list(): Promise<readonly (Loaded & { key: string })[]> {
    const text = `select key, version, state from ${this.#schema}.aggregates where state <> 'null' order by key collate "C"`;
    const { rows } = await this.#pool.query<{ key: string; version: bigint; state: string }>(text);
    return rows.map(({ key, version, state }) => ({ key, version, state: decodeJson(state) }));
  }

  async outcome(msgId: string): Promise<Outcome | undefined> {
    const text = `select digest, answer from ${this.#schema}.inbox where msg_id = $1`;
    const { rows } = await this.#pool.query<{ digest: Uint8Array; answer: Uint8Array | null }>(text, [msgId]);
    const row = rows[0];
    return row === undefined ? undefined : { digest: row.digest, answer: row.answer ?? undefined };
  }

  async commit(commit: Commit): Promise<CommitResult> {
    try {
      return await this.#tryCommit(commit);
    } catch (error) {
      const conflict = CONFLICTS[sqlState(error) ?? ""];
      if (conflict === undefined) throw error;
      return { kind: "conflict", on: conflict };
    }
  }

  async #tryCommit(c: Commit): Promise<CommitResult> {
    const chains = c.chains.toSorted((a, b) => compare(a.topic, b.topic) || compare(a.key, b.key));
    const appends = c.appends.toSorted((a, b) => compare(a.stream, b.stream));
    const { rows } = await this.#pool.query<CommitAnswer>(this.#commit, [
      c.inbox.map((row) => row.msgId),
      c.inbox.map((row) => row.digest),
      c.inbox.map((row) => row.answer ?? null),
      c.claims.map((row) => row.id),
      c.claims.map((row) => row.by),
      c.aggregate?.key ?? null,
      c.aggregate?.version ?? null,
      c.aggregate === undefined ? null : encodeJson(c.aggregate.state),
      chains.map((row) => row.topic),
      chains.map((row) => row.key),
      chains.map((row) => row.was),
      chains.map((row) => row.seq),
      chains.map((row) => row.digest),
      c.timers.map((row) => row.id),
      c.timers.map((row) => row.key),
      c.timers.map((row) => row.dueMs),
      c.timers.map((row) => encodeJson(row.data)),
      c.timers.map((row) => row.correlationId),
      c.cancelledTimers,
      appends.map((row) => row.stream),
      appends.map((row) => row.seq),
      appends.map((row) => row.bytes),
      c.outbox.map((row) => row.msgId),
      c.outbox.map((row) => row.kind),
      c.outbox.map((row) => row.topic),
      c.outbox.map((row) => row.key),
      c.outbox.map((row) => row.seq ?? null),
      c.outbox.map((row) => row.bytes),
      c.outbox.map((row) => row.callId ?? null),
      c.journal.map((row) => row.entry),
      c.snapshot?.json ?? null,
      c.published,
    ]);
    const answer = rows[0];
    if (answer === undefined) throw new StoreError("STORE_CORRUPT", `${this.#schema}.commit_decision answered nothing`);
    if (answer.kind === "duplicate") return duplicateOf(answer); // P06.postgres
    switch (answer.kind) {
      case "committed":
        return { kind: "committed", version: c.aggregate === undefined ? 0n : c.aggregate.version + 1n };
      case "claimed":
        return { kind: "claimed", id: answer.about, by: answer.by };
      case "conflict":
        return { kind: "conflict", on: answer.about };
    }
  }

  async chains(): Promise<readonly ChainRow[]> {
    const { rows } = await this.#pool.query<ChainRow>(`select topic, key, seq, digest from ${this.#schema}.chains`);
    return rows;
  }

  async timers(dueBeforeMs?: number): Promise<readonly TimerRow[]> {
    const text = `select id, key, due_ms, data, correlation_id from ${this.#schema}.timers
      where $1::int8 is null or due_ms < $1 order by due_ms, id collate "C"`;
    type Timer = { id: string; key: string; due_ms: bigint; data: string; correlation_id: string };
    const { rows } = await this.#pool.query<Timer>(text, [dueBeforeMs ?? null]);
    return rows.map((row) => ({
      id: row.id,
      key: row.key,
      dueMs: Number(row.due_ms),
      data: decodeJson(row.data),
      correlationId: row.correlation_id,
    }));
  }

  /**
   * By position, which is the order of the commits wherever one of them could see another: a row gets its position after its commit has
   * the locks of its aggregate and its chains, so whatever follows from a commit stands behind it, and no reader sees it without what it
   * follows from. Two commits that share nothing may swap. Each row is marked by itself, so one that commits late is not missed, as it
   * would be by a cursor; that is why nothing here waits for `pg_snapshot_xmin`, which any long transaction on the server holds back.
   */
  async unpublished(kind: OutboxRow["kind"], limit = UNLIMITED): Promise<readonly OutboxRow[]> {
    const text = `select msg_id, kind, topic, key, seq, bytes, call_id from ${this.#schema}.outbox
      where not published and kind = $1 order by position limit $2`;
    const { rows } = await this.#pool.query<Out>(text, [kind, limit]);
    return rows.map((row) => ({
      msgId: row.msg_id,
      kind: row.kind,
      topic: row.topic,
      key: row.key,
      seq: row.seq ?? undefined,
      bytes: row.bytes,
      callId: row.call_id ?? undefined,
    }));
  }

  async markPublished(msgIds: readonly string[]): Promise<void> {
    await this.#pool.query(`update ${this.#schema}.outbox set published = true where msg_id = any ($1)`, [msgIds]);
  }

  campaign(on: LeaderEvents): Campaign {
    return new PostgresCampaign(this.#pool, this.#schema, on);
  }

  async read(stream: string, after: bigint, limit: number): Promise<readonly { seq: bigint; bytes: Uint8Array }[]> {
    const text = `select seq, bytes from ${this.#schema}.streams where stream = $1 and seq > $2 order by seq limit $3`;
    const { rows } = await this.#pool.query<{ seq: bigint; bytes: Uint8Array }>(text, [stream, after, limit]);
    return rows;
  }

  async journal(after: bigint, limit: number): Promise<readonly JournalRow[]> {
    const text = `select n, entry from ${this.#schema}.journal where n > $1 order by n limit $2`;
    const { rows } = await this.#pool.query<JournalRow>(text, [after, limit]);
    return rows;
  }

  async snapshot(): Promise<SnapshotRow | undefined> {
    const { rows } = await this.#pool.query<SnapshotRow>(`select json from ${this.#schema}.snapshot`);
    return rows[0];
  }
}

function duplicateOf({ about, found_digest, found_answer }: CommitAnswer): CommitResult {
  return { kind: "duplicate", msgId: about, outcome: { digest: found_digest, answer: found_answer ?? undefined } };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
