/** PostgreSQL, Kafka, etcd, Redis: each given by address is really asked; each that would be started here is looked for. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BusError } from "@countersign/bus";
import type { KafkaAddress } from "@countersign/bus/kafka";
import { describeBrokers } from "@countersign/bus/kafka/look";
import { partsOf } from "@countersign/engines";
import { openPool, PostgresError, startEmbedded } from "@countersign/postgres";
import { type EtcdAddress, etcdMembers } from "@countersign/quorum";
import { bad, type Finding, lesser, ok } from "./finding.ts";
import { redisTrouble } from "./redis-ping.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** @param isRunning a cluster of its own engines runs here: it need not be shown that one can be started */
export async function* engines(env: Environment, isRunning: boolean): AsyncGenerator<Finding> {
  const { COUNTERSIGN_POSTGRES: postgres, COUNTERSIGN_KAFKA: kafka, COUNTERSIGN_ETCD: etcd } = env;
  const { COUNTERSIGN_REDIS: redis } = env;
  if (postgres !== undefined) yield* askPostgres(postgres, CURE_OF_ADDRESS.postgres);
  else if (!isRunning) yield await trialStart();
  if (kafka !== undefined) yield await askKafka({ brokers: kafka.split(",") }, CURE_OF_ADDRESS.kafka);
  else for (const { name: check, ...part } of await partsOf("kafka")) yield { check, ...part, isNeeded: true };
  // Without it the quorum's logs are in PostgreSQL, which tolerates no fault.
  if (etcd !== undefined) yield await askEtcd({ endpoints: etcd.split(",") }, CURE_OF_ADDRESS.etcd);
  else for (const { name: check, ...part } of await partsOf("etcd")) yield { check, ...part, isNeeded: false };
  // Redis holds what may be lost: without it everything is slower, and nothing else.
  if (redis !== undefined) yield lesser(await askRedis(redis));
  else for (const { name: check, ...part } of await partsOf("redis")) yield { check, ...part, isNeeded: false };
}

const CURE_OF_ADDRESS = {
  postgres: "correct or unset COUNTERSIGN_POSTGRES",
  kafka: "correct or unset COUNTERSIGN_KAFKA",
  etcd: "correct or unset COUNTERSIGN_ETCD",
  redis: "correct or unset COUNTERSIGN_REDIS",
} as const;

/** The embedded server, in a folder that goes away again: that it is installed is no proof that it runs. */
async function trialStart(): Promise<Finding> {
  const dir = mkdtempSync(join(tmpdir(), "countersign-doctor-"));
  chmodSync(dir, 0o755); // root's server runs as somebody else
  const startedMs = performance.now();
  try {
    await using server = await startEmbedded({ dir });
    await using pool = openPool(server.url, { max: 1, applicationName: "countersign doctor" });
    const version = await versionOf(pool);
    return ok(
      "PostgreSQL",
      `${version}, tried: it starts here in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`,
    );
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    const verdict = error.code === "PLATFORM_MISSING" ? "missing" : "wrong";
    return bad(
      "PostgreSQL",
      verdict,
      error.message,
      "export COUNTERSIGN_POSTGRES=postgres://user:password@host/database",
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const SKEW_MAX_MS = 250;

/** That it answers, and that its clock is ours. */
export async function* askPostgres(url: string, cure: string): AsyncGenerator<Finding> {
  const address = new URL(url).host;
  try {
    await using pool = openPool(url, { max: 1, applicationName: "countersign doctor" });
    yield ok("PostgreSQL", `${await versionOf(pool)} at ${address}`);
    const askedMs = Date.now();
    const { rows } = await pool.query<{ ms: string }>(
      "select (extract(epoch from clock_timestamp()) * 1000)::text as ms",
    );
    const tookMs = Date.now() - askedMs;
    const skewMs = Math.round(Number(rows[0]?.ms) - (askedMs + tookMs / 2));
    // The answer was made somewhere between question and arrival.
    yield Math.abs(skewMs) <= SKEW_MAX_MS + tookMs / 2
      ? ok("clock", `${Math.abs(skewMs)} ms from PostgreSQL's`)
      : bad(
          "clock",
          "wrong",
          `${Math.abs(skewMs)} ms ${skewMs > 0 ? "behind" : "before"} PostgreSQL's`,
          "timedatectl set-ntp true (on both machines)",
        );
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    yield bad("PostgreSQL", "missing", `${address}: ${error.message}`, cure);
  }
}

async function versionOf(pool: ReturnType<typeof openPool>): Promise<string> {
  const { rows } = await pool.query<{ version: string }>("select current_setting('server_version') as version");
  return rows[0]?.version ?? "?";
}

/** That brokers answer, and that none makes a topic by itself. */
export async function askKafka(kafka: KafkaAddress, cure: string): Promise<Finding> {
  try {
    const { up, autoCreating } = await describeBrokers({ ...kafka, clientId: "countersign-doctor" });
    const says = `${up.length} ${up.length === 1 ? "broker" : "brokers"} up: ${up.join(", ")}`;
    if (up.length < kafka.brokers.length)
      return bad(
        "Kafka",
        "wrong",
        `${kafka.brokers.length - up.length} of ${kafka.brokers.length} are away; ${says}`,
        cure,
      );
    if (autoCreating.length === 0) return ok("Kafka", says);
    const named = `${says}; a misspelt topic would be made by ${autoCreating.join(", ")}`;
    return bad("Kafka", "wrong", named, "auto.create.topics.enable=false in each broker's server.properties");
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    return bad("Kafka", "missing", error.message, cure);
  }
}

/** That there is a leader, and that all its members are there. */
export async function askEtcd(etcd: EtcdAddress, cure: string): Promise<Finding> {
  const members = await etcdMembers(etcd);
  const up = members.filter(({ version }) => version !== undefined);
  const [first] = up;
  if (first === undefined) return bad("etcd", "missing", `nobody answers at ${etcd.endpoints.join(", ")}`, cure);
  const says = `${first.version}, ${up.length} of ${members.length} members up`;
  const troubles = up.flatMap((one) => one.troubles.map((trouble) => `${one.endpoint}: ${trouble}`));
  if (!up.some(({ isLeader }) => isLeader)) troubles.push("no leader");
  if (up.length < members.length) troubles.push(`${members.length - up.length} away`);
  return troubles.length === 0 ? ok("etcd", says) : bad("etcd", "wrong", `${says}; ${troubles.join("; ")}`, cure);
}

async function askRedis(url: string): Promise<Finding> {
  const trouble = await redisTrouble(url);
  // The URL holds a password.
  if (trouble === undefined) return ok("Redis", `answers at ${new URL(url).host}`);
  return bad("Redis", "missing", `that of COUNTERSIGN_REDIS: ${trouble}`, CURE_OF_ADDRESS.redis);
}
