/**
 * The log in a PostgreSQL schema, for the embedded platform: durable over crashes of every process, and gone with its disk. It knows of
 * appends by this process alone, so `watch` is for validators that share one.
 */
import { migrate, type Pool, type Prepared, prepare, sqlState } from "@countersign/postgres";
import { type Head, type LogName, sameBytes, sameHead } from "../entry.ts";
import type { Append, Appended, Ballot, LogRecord, Place, QuorumLog, Recorded, Watcher } from "../log.ts";
import { plain, reached, recordFrom } from "../rows.ts";
import { migrations } from "./schema.ts";

/** Opens the logs of one instance, and makes their tables where there are none. */
export async function openPostgresQuorumLog(pool: Pool, schema: string): Promise<QuorumLog> {
  await migrate(pool, schema, migrations);
  return new PostgresQuorumLog(pool, schema);
}

class PostgresQuorumLog implements QuorumLog {
  readonly status = "one PostgreSQL server: tolerates no fault";
  readonly #pool: Pool;
  readonly #statements: Statements;
  readonly #listeners = new Set<Watcher>();

  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    this.#statements = statementsOf(schema);
  }

  async head(log: LogName): Promise<Head> {
    const [head] = await this.#rows<Head>(this.#statements.head, [log]);
    if (head === undefined) throw new Error(`broken invariant: the ${log} log has no head`);
    return { seq: head.seq, digest: plain(head.digest) };
  }

  async append(append: Append): Promise<Appended> {
    const refused = await this.#insert(append);
    if (refused === undefined) {
      for (const listener of this.#listeners) listener(append.log, append.expectedHead.seq + 1n);
      return { kind: "committed" };
    }
    const [op] = await this.#rows<Place & { id: string }>(this.#statements.takenOps, [append.opIds]);
    if (op !== undefined) return { kind: "already", opId: op.id, place: { log: op.log, seq: op.seq } };
    // The statement waits for a rival's row, and finds the head moved before it meets the rival's ids.
    if (refused === "moved") return { kind: "conflict", head: await this.head(append.log) };
    throw new Error("broken invariant: a unique id was taken, and is not there");
  }

  async read(log: LogName, afterSeq: bigint, limit: number): Promise<readonly LogRecord[]> {
    const rows = await this.#rows<LogRecord>(this.#statements.read, [log, afterSeq, limit]);
    return rows.map(recordFrom);
  }

  async recordVote({ log, head, round, validator, digest, judgedBy }: Ballot): Promise<Recorded> {
    const place = [log, head.seq + 1n, round, validator];
    const judged = [judgedBy?.seq ?? null, judgedBy?.digest ?? null];
    const written = await this.#rows(this.#statements.vote, [...place, digest, head.digest, ...judged]);
    if (written.length === 1) return { kind: "recorded" };
    const [known] = await this.#rows<{ digest: Uint8Array }>(this.#statements.votedFor, place);
    const now = await this.head(log);
    if (!sameHead(now, head)) return { kind: "conflict", head: now };
    if (judgedBy !== undefined && !sameHead(await this.head("control"), judgedBy)) return { kind: "outdated" };
    if (known === undefined) throw new Error("broken invariant: votes are never removed");
    return sameBytes(known.digest, digest)
      ? { kind: "recorded" }
      : { kind: "voted-otherwise", digest: plain(known.digest) };
  }

  async find(opId: string): Promise<Place | undefined> {
    const [op] = await this.#rows<Place>(this.#statements.takenOps, [[opId]]);
    return op === undefined ? undefined : { log: op.log, seq: op.seq };
  }

  watch(listener: Watcher): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
  }

  /** One statement, so one transaction and one round trip. What it refuses with, or undefined when it has written. */
  async #insert(append: Append): Promise<"moved" | "taken" | undefined> {
    const { log, expectedHead, entry, digest, votes, opIds, committedBy } = append;
    const place = [log, expectedHead.seq, expectedHead.digest];
    try {
      const rows = await this.#rows(this.#statements.append, [...place, digest, entry, votes, committedBy, opIds]);
      return rows.length === 1 ? undefined : "moved";
    } catch (error) {
      if (sqlState(error) === UNIQUE_VIOLATION) return "taken";
      throw error;
    }
  }

  async #rows<R extends object>(statement: Prepared, values: Parameters<Pool["query"]>[1]): Promise<R[]> {
    return (await reached(() => this.#pool.query<R>(statement, values))).rows;
  }
}

const UNIQUE_VIOLATION = "23505";

type Statements = ReturnType<typeof statementsOf>;

function statementsOf(schema: string) {
  const statement = (name: string, text: string) => prepare(`${schema}.${name}`, text);
  return {
    head: statement("head", `select seq, digest from ${schema}.heads where log = $1`),
    // The update takes the head's lock; who finds another head writes nothing.
    append: statement(
      "append",
      `with moved as (
         update ${schema}.heads set seq = seq + 1, digest = $4 where log = $1 and seq = $2 and digest = $3 returning log, seq
       ), entry as (
         insert into ${schema}.entries (log, seq, digest, entry, votes, committed_by)
         select log, seq, $4, $5, $6, $7 from moved
       ), op as (
         insert into ${schema}.ops (op_id, log, seq) select id, log, seq from moved, unnest($8::text[]) as id
       )
       select seq from moved`,
    ),
    takenOps: statement("ops", `select op_id as id, log, seq from ${schema}.ops where op_id = any($1) limit 1`),
    read: statement(
      "read",
      `select seq, entry, digest, votes, committed_by as "committedBy" from ${schema}.entries
       where log = $1 and seq > $2 order by seq limit $3`,
    ),
    vote: statement(
      "vote",
      `insert into ${schema}.votes (log, seq, round, validator, digest)
       select $1::text, $2::int8, $3::int8, $4::text, $5::bytea from ${schema}.heads
       where log = $1::text and seq = $2::int8 - 1 and digest = $6 and ($7::int8 is null or exists (
         select from ${schema}.heads where log = 'control' and seq = $7::int8 and digest = $8::bytea))
       on conflict do nothing returning seq`,
    ),
    votedFor: statement(
      "voted",
      `select digest from ${schema}.votes where log = $1 and seq = $2 and round = $3 and validator = $4`,
    ),
  };
}
