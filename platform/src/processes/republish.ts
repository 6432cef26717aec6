/**
 * Brings what was committed to the bus once more: when all brokers lost their power, or a topic is gone. Everything comes from the
 * outboxes, byte for byte and in the order of the commits of each agent; whoever acted on a record before knows it by its inbox. Records
 * that are not published yet are among them, so that no chain has a gap; best while no agent runs, whose relay would publish beside it.
 */
import { setTimeout as wait } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { type Bus, BusError, type OutRecord } from "@countersign/bus";
import { KafkaBus } from "@countersign/bus/kafka";
import { BodySchema, SignedSchema, topics } from "@countersign/contracts";
import { headersOf } from "@countersign/envelope";
import { openPool, type Pool } from "@countersign/postgres";
import { InputError } from "../inputs.ts";
import { postgresUrl, readSpec } from "./cluster.ts";
import { kafkaOf } from "./credentials.ts";

/** Without any of them everything that the outboxes hold. */
export interface RepublishChoice {
  /** Such as "execution" or "validator-1". */
  readonly agent?: string | undefined;
  readonly topic?: string | undefined;
  /** Committed at or after it, ISO 8601. */
  readonly since?: string | undefined;
}

export interface Republished {
  readonly agent: string;
  readonly topic: string;
  readonly records: number;
}

/**
 * Of the cluster in a folder. Returns how many records of each agent and topic are on the bus again.
 * @throws InputError BAD_OPTION, BusError UNREACHABLE, PostgresError CONNECTION_LOST
 */
export async function republish(dir: string, choice: RepublishChoice): Promise<readonly Republished[]> {
  const spec = readSpec(dir);
  await using pool = openPool(postgresUrl(dir), { max: 1, applicationName: "countersign republish" });
  const bus = new KafkaBus({ ...kafkaOf(dir, spec), clientId: `${spec.platform}-republish`, onError: () => {} });
  try {
    return await republishOutboxes(pool, bus, choice);
  } finally {
    await bus.close(1_000);
  }
}

/** The same with engines that are open. */
async function republishOutboxes(
  pool: Pool,
  bus: Bus,
  { agent, topic, since }: RepublishChoice,
): Promise<readonly Republished[]> {
  const records = topics.filter(({ delivery }) => delivery === "record").map((one) => one.topic);
  if (topic !== undefined && !records.includes(topic))
    throw new InputError("BAD_OPTION", `--topic ${topic}: no record topic has this name: ${records.join(", ")}`);
  const sinceMs = since === undefined ? 0 : Date.parse(since);
  if (!Number.isFinite(sinceMs))
    throw new InputError("BAD_OPTION", `--since ${since}: write a date or a time, such as 2015-06-01T14:30:00Z`);
  const agents = await agentsOf(pool);
  if (agent !== undefined && !agents.has(agent))
    throw new InputError(
      "BAD_OPTION",
      `--agent ${agent}: no outbox is there of this name: ${[...agents.keys()].join(", ")}`,
    );
  const done: Republished[] = [];
  for (const [name, schema] of agents) {
    if (agent !== undefined && agent !== name) continue;
    const counts = await republishOne(pool, bus, schema, topic, new Date(sinceMs));
    for (const [of, count] of [...counts].toSorted()) done.push({ agent: name, topic: of, records: count });
  }
  return done;
}

/** Names, and the schema of each: one per process that says anything. */
async function agentsOf(pool: Pool): Promise<ReadonlyMap<string, string>> {
  const text = "select schemaname as schema from pg_tables where tablename = 'outbox' order by 1";
  const { rows } = await pool.query<{ schema: string }>(text);
  return new Map(rows.map(({ schema }) => [schema.replaceAll("_", "-"), schema]));
}

interface Row {
  readonly position: bigint;
  readonly topic: string;
  readonly key: string;
  readonly bytes: Uint8Array;
}

const BATCH = 500;
const PUBLISH_TIMEOUT_MS = 10_000;
const PATIENCE_MS = 30_000;

async function republishOne(
  pool: Pool,
  bus: Bus,
  schema: string,
  topic: string | undefined,
  since: Date,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const text = `select position, topic, key, bytes from ${schema}.outbox
    where kind = 'publish' and position > $1 and ($2::text is null or topic = $2) and at >= $3 order by position limit ${BATCH}`;
  for (let after = 0n; ; ) {
    const { rows } = await pool.query<Row>(text, [after, topic ?? null, since]);
    const last = rows.at(-1);
    if (last === undefined) return counts;
    await insistFor(PATIENCE_MS, () => bus.publish(rows.map(recordOf), { timeoutMs: PUBLISH_TIMEOUT_MS }));
    for (const row of rows) counts.set(row.topic, (counts.get(row.topic) ?? 0) + 1);
    after = last.position;
  }
}

/** As the relay put it there. What the signature covers is copied, not checked: whoever reads it checks it. */
function recordOf({ topic, key, bytes }: Row): OutRecord {
  const { payload = new Uint8Array() } = fromBinary(SignedSchema, bytes);
  const { msgId, type, version, sender, sentAtMs } = fromBinary(BodySchema, payload);
  if (
    msgId === undefined ||
    type === undefined ||
    version === undefined ||
    sender === undefined ||
    sentAtMs === undefined
  )
    throw new Error(`broken invariant: an outbox row of ${topic} holds no envelope`);
  const rest = { correlationId: "", causationId: "", ttlMs: 0, intent: "", idempotencyKey: "", topic, key, payload };
  const copies = Object.entries(headersOf({ ...rest, msgId, type, version, sender, sentAtMs }));
  const headers = Object.fromEntries(copies.map(([name, text]) => [name, [Buffer.from(text)]]));
  return { topic, key: Buffer.from(key), value: bytes, headers };
}

/** A batch that failed goes again whole: repetitions are allowed, gaps are not. */
async function insistFor<T>(patienceMs: number, act: () => Promise<T>): Promise<T> {
  for (const untilMs = Date.now() + patienceMs; ; await wait(200)) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof BusError) || error.kind === "fatal" || Date.now() > untilMs) throw error;
    }
  }
}
