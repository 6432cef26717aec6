/** A cluster on this machine: its engines, its topics, its processes. Engines that are not given by address are started, and ended with it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type EtcdCluster,
  type EtcdOptions,
  etcd,
  type KafkaCluster,
  kafka,
  type PostgresServer,
  partsOf,
  postgres,
  type RedisServer,
  redis,
  whyMissing,
} from "@countersign/engines";
import { createDatabase, databasesNamed } from "@countersign/postgres";
import { claimFolder } from "./claim.ts";
import { type ClusterSpec, readSecrets, readSpec, writeSecrets, writeSpec } from "./cluster.ts";
import { type ClusterChoice, foundCluster, processesOf, proposeFounding } from "./found.ts";
import type { ProcessState } from "./run-record.ts";
import { Supervisor } from "./supervisor.ts";
import { createTopics } from "./topics.ts";

export interface RunningCluster extends AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly kafka: KafkaCluster;
  readonly postgres: PostgresServer;
  /** Undefined where none is installed or given: then the certified logs are in PostgreSQL. */
  readonly etcd: EtcdCluster | undefined;
  /** Undefined where none is installed or given: then each process knows its own marks and its own share of the limits. */
  readonly redis: RedisServer | undefined;
  /** Of the cluster's own database. */
  readonly postgresUrl: string;
}

export interface StartOptions {
  /** Of a cluster that is not there yet. */
  readonly choice: Omit<ClusterChoice, "kafka" | "etcd">;
  /** Also of etcd's members: 3 unless told otherwise. */
  readonly brokers?: number;
  readonly onStep?: (text: string) => void;
  readonly onChange?: (state: ProcessState) => void;
}

const DATABASE = "countersign";
/** Copies of a topic; fewer where fewer brokers are started. */
const REPLICAS = 3;

/** Founds the cluster if the folder describes none; returns when everything runs. @throws EngineError, InputError, PostgresError */
export async function startCluster(dir: string, options: StartOptions): Promise<RunningCluster> {
  const { choice, brokers = 3, onStep = () => {}, onChange } = options;
  const stack = new AsyncDisposableStack();
  try {
    stack.use(claimFolder(dir));
    const described = existsSync(join(dir, "cluster.json")) ? readSpec(dir) : undefined;
    const [server, cluster, members, cache] = await Promise.all([
      postgres({ dir: join(dir, "postgres") }),
      kafka({ nodes: brokers, dir: join(dir, "kafka") }),
      etcdFor(described, { nodes: brokers, dir: join(dir, "etcd") }),
      redisIfThere(),
    ]);
    stack.use(server);
    stack.use(cluster);
    if (members !== undefined) stack.use(members);
    if (cache !== undefined) stack.use(cache);
    const run = ["PostgreSQL", `${cluster.brokers.length} Kafka brokers`];
    if (members !== undefined) run.push(`${members.endpoints.length} etcd members`);
    if (cache !== undefined) run.push("Redis");
    onStep(`${run.join(", ")} run`);
    if (members === undefined) onStep("no etcd: the quorum's logs are in PostgreSQL, and tolerate no fault of it");
    const names = await databasesNamed(server.url, DATABASE);
    const url = names.includes(DATABASE) ? withDatabase(server.url) : await createDatabase(server.url, DATABASE);
    const addresses = { kafka: cluster.brokers, ...(members !== undefined && { etcd: members.endpoints }) };
    if (described === undefined) {
      const whole = { ...choice, ...addresses };
      await foundCluster(dir, whole, { postgres: url, redis: cache?.url });
      onStep("keys and genesis written");
    } else {
      // Engines may have moved; who the cluster is has not.
      writeSpec(dir, { ...described, ...addresses });
      writeSecrets(dir, { ...readSecrets(dir), postgres: url, redis: cache?.url });
    }
    await createTopics({ brokers: cluster.brokers, replicas: Math.min(REPLICAS, brokers) });
    onStep("topics are there");
    const spec = readSpec(dir);
    const supervisor = new Supervisor({
      dir,
      names: processesOf(spec),
      health: spec.health,
      ...(onChange && { onChange }),
    });
    stack.defer(() => supervisor.stop());
    supervisor.start();
    await proposeFounding(dir);
    onStep("founded: genesis and deposit are in the log");
    const held = stack.move();
    return {
      supervisor,
      kafka: cluster,
      postgres: server,
      etcd: members,
      redis: cache,
      postgresUrl: url,
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** A cluster stays where its logs are; a new one takes etcd where it can be had. */
async function etcdFor(described: ClusterSpec | undefined, options: EtcdOptions): Promise<EtcdCluster | undefined> {
  const wanted = described === undefined ? (await whyMissing("etcd")) === undefined : described.etcd !== undefined;
  return wanted ? etcd(options) : undefined;
}

async function redisIfThere(): Promise<RedisServer | undefined> {
  if (process.env.COUNTERSIGN_REDIS !== undefined) return redis();
  const parts = await partsOf("redis");
  return parts.every(({ verdict }) => verdict === "ok") ? redis() : undefined;
}

function withDatabase(serverUrl: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${DATABASE}`;
  return url.href;
}
