/** All that stood in the ledger's log, in one validator's PostgreSQL: what etcd has forgotten, each of the three still knows. */
import { migrate, type Pool, type Prepared, prepare, type Sql } from "@countersign/postgres";
import { emptyHead, type Head, readEntry, sameBytes } from "../entry.ts";
import { QuorumError } from "../error.ts";
import type { LogRecord } from "../log.ts";
import { plain, reached, recordFrom } from "../rows.ts";
import { migrations } from "./schema.ts";

/** Its entries are those of the log from the first, without a gap. Every method may reject with `QuorumError`. */
export interface Archive {
  /** `emptyHead` before the first entry. */
  head(): Promise<Head>;
  /** Entries with seq > afterSeq, in order. */
  read(afterSeq: bigint, limit: number): Promise<readonly LogRecord[]>;
  /** Writes down what follows its head, all of it or nothing. It is durable when this resolves. */
  add(records: readonly LogRecord[]): Promise<void>;
}

/** Opens the archive in a schema of its own, and makes its table where there is none. One process writes to it. */
export async function openArchive(pool: Pool, schema: string): Promise<Archive> {
  await archived(() => migrate(pool, schema, migrations));
  return new PostgresArchive(pool, schema);
}

class PostgresArchive implements Archive {
  readonly #pool: Pool;
  readonly #statements: Statements;

  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    this.#statements = statementsOf(schema);
  }

  head(): Promise<Head> {
    return archived(() => this.#headIn(this.#pool));
  }

  async read(afterSeq: bigint, limit: number): Promise<readonly LogRecord[]> {
    const { rows } = await archived(() => this.#pool.query<LogRecord>(this.#statements.read, [afterSeq, limit]));
    return rows.map(recordFrom);
  }

  async add(records: readonly LogRecord[]): Promise<void> {
    await archived(() =>
      this.#pool.transaction(async (sql) => {
        let head = await this.#headIn(sql);
        for (const record of records) {
          const entry = readEntry(record.entry);
          const follows = entry?.seq === head.seq + 1n && sameBytes(entry.prev, head.digest);
          if (!follows || !sameBytes(entry.digest, record.digest))
            throw new QuorumError(
              "LOG_CORRUPT",
              `the archive ends at ${head.seq}, and entry ${record.seq} does not follow it`,
            );
          const { seq, digest, entry: bytes, votes, committedBy } = record;
          await sql.query(this.#statements.add, [seq, digest, bytes, votes, committedBy]);
          head = entry;
        }
      }),
    );
  }

  async #headIn(sql: Sql): Promise<Head> {
    const { rows } = await sql.query<Head>(this.#statements.head, []);
    const [last] = rows;
    return last === undefined ? emptyHead : { seq: last.seq, digest: plain(last.digest) };
  }
}

const archived = <T>(act: () => Promise<T>) => reached(act, "the ledger's archive: ");

type Statements = Readonly<Record<"head" | "read" | "add", Prepared>>;

function statementsOf(schema: string): Statements {
  const statement = (name: string, text: string) => prepare(`${schema}.${name}`, text);
  return {
    head: statement("head", `select seq, digest from ${schema}.entries order by seq desc limit 1`),
    read: statement(
      "read",
      `select seq, entry, digest, votes, committed_by as "committedBy" from ${schema}.entries
       where seq > $1 order by seq limit $2`,
    ),
    add: statement(
      "add",
      `insert into ${schema}.entries (seq, digest, entry, votes, committed_by) values ($1, $2, $3, $4, $5)`,
    ),
  };
}
