/** The tables of a cluster: is every process' schema there and of one age, and does anything wait to be sent. */
import { openPool, type Pool, PostgresError, sqlState } from "@countersign/postgres";
import { SERVICES } from "../found.ts";
import { VENUE } from "../process.ts";
import { bad, type Finding, lesser, ok } from "./finding.ts";

const OUTBOX_AGE_MAX_S = 10;

/** PostgreSQL answers: that was asked before. */
export async function* database(url: string): AsyncGenerator<Finding> {
  try {
    await using pool = openPool(url, { max: 1, applicationName: "countersign doctor" });
    const schemas = await applied(pool);
    yield migrations(schemas);
    yield await outbox(pool, [...schemas.keys()]);
  } catch (error) {
    if (!(error instanceof PostgresError) && sqlState(error) === undefined) throw error;
    yield bad(
      "database",
      "unknown",
      error instanceof Error ? error.message : String(error),
      "./countersign doctor, once more",
    );
  }
}

/** Which migrations each schema has applied. */
async function applied(pool: Pool): Promise<Map<string, readonly string[]>> {
  const { rows: schemas } = await pool.query<{ name: string }>(
    "select table_schema as name from information_schema.tables where table_name = 'migrations' order by 1",
  );
  const found = new Map<string, readonly string[]>();
  for (const { name } of schemas) {
    const { rows } = await pool.query<{ id: string }>(`select id from "${name}".migrations order by id`);
    found.set(
      name,
      rows.map(({ id }) => id),
    );
  }
  return found;
}

/** Every process keeps the same kind of store: one that lacks a migration of another has not been started since. */
export function migrations(schemas: ReadonlyMap<string, readonly string[]>): Finding {
  const check = "migrations";
  const wanted = SERVICES.filter((name) => name !== VENUE).map(schemaOf);
  const missing = wanted.filter((name) => !schemas.has(name));
  const stores = [...schemas].filter(([name]) => wanted.includes(name));
  const newest = new Set(stores.flatMap(([, ids]) => ids));
  const behind = stores.filter(([, ids]) => [...newest].some((id) => !ids.includes(id)));
  if (missing.length > 0) return bad(check, "missing", `no tables of ${missing.join(", ")} yet`, "./countersign up");
  if (behind.length > 0)
    return bad(check, "wrong", `${behind.map(([name]) => name).join(", ")} lack what others have`, "./countersign up");
  return ok(check, `${stores.length} schemas, each with ${[...newest].join(", ")}`);
}

/** What is committed and not on the bus. */
async function outbox(pool: Pool, schemas: readonly string[]): Promise<Finding> {
  const check = "outbox";
  let rows = 0;
  let oldest = { schema: "", seconds: 0 };
  for (const schema of schemas) {
    const waiting = await pool
      .query<{ n: bigint; seconds: string | null }>(
        `select count(*) as n, extract(epoch from clock_timestamp() - min(at))::text as seconds from "${schema}".outbox where kind = 'publish' and not published`,
      )
      .catch((error: unknown) => {
        if (sqlState(error) === UNDEFINED_TABLE) return undefined; // the quorum's log has none
        throw error;
      });
    const { n = 0n, seconds } = waiting?.rows[0] ?? {};
    rows += Number(n);
    if (Number(seconds ?? 0) > oldest.seconds) oldest = { schema, seconds: Number(seconds) };
  }
  if (rows === 0) return ok(check, "empty");
  const says = `${rows} rows wait, the oldest for ${oldest.seconds.toFixed(1)} s in ${oldest.schema}`;
  // A row waits a few milliseconds for its broker, and its mark a little longer for company.
  if (oldest.seconds <= OUTBOX_AGE_MAX_S) return ok(check, says);
  return lesser(bad(check, "wrong", says, `./countersign status (does ${oldest.schema} run, and Kafka?)`));
}

const UNDEFINED_TABLE = "42P01";

/** As process.ts names them. */
function schemaOf(name: string): string {
  return name.replaceAll(/[^a-z0-9]/g, "_");
}
