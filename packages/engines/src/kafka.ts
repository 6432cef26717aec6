import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EngineError } from "./errors.ts";
import { type KafkaProgram, kafkaProgram } from "./kafka-program.ts";
import { type EngineProcess, freePorts, nodeAt, SupervisedServer } from "./server.ts";

export interface KafkaOptions {
  /** Brokers, each also a controller; 3 unless told otherwise. A cluster given by address has what it has. */
  readonly nodes?: number;
  /** Keeps the data, for the next start too. Without it they are in a temporary folder and go with the run. */
  readonly dir?: string;
  /** PEM: what brokers show, and whose clients they let in; in the clear unless given. A cluster given by address has what it has. */
  readonly tls?: BrokerTls;
}

interface BrokerTls {
  readonly ca: Uint8Array;
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
  /**
   * Who may do everything, by the names in their certificates, such as CN=admin; the brokers' own has to be among them. Everybody else may
   * do what ACLs allow. Unless given, everybody may do everything.
   */
  readonly superUsers?: readonly string[];
}

export interface KafkaCluster extends AsyncDisposable {
  /** host:port of each broker. */
  readonly brokers: readonly string[];
  /** From 0. @throws EngineError NOT_OURS of a cluster given by address. */
  node(index: number): EngineProcess;
}

/**
 * A real Apache Kafka: the one that COUNTERSIGN_KAFKA names (host:port,host:port,…), or combined KRaft nodes started here on free
 * loopback ports. Returns when every broker accepts connections. @throws EngineError
 */
export async function kafka({ nodes = 3, dir, tls }: KafkaOptions = {}): Promise<KafkaCluster> {
  const given = process.env.COUNTERSIGN_KAFKA;
  if (given !== undefined) return givenCluster(given.split(","));
  const program = await kafkaProgram();
  if (!existsSync(program.archive)) await recordClasses(program);
  return startCluster(program, { count: nodes, kept: dir, tls });
}

function givenCluster(brokers: readonly string[]): KafkaCluster {
  return {
    brokers,
    node: () => {
      throw new EngineError("NOT_OURS", "The brokers of COUNTERSIGN_KAFKA are not ours to end: unset it for this");
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

interface ClusterPlan {
  readonly count: number;
  readonly kept?: string | undefined;
  readonly tls?: KafkaOptions["tls"];
  /** More arguments of the Java machine. */
  readonly jvm?: readonly string[];
}

async function startCluster(
  program: KafkaProgram,
  { count, kept, tls, jvm = sharedClasses(program) }: ClusterPlan,
): Promise<KafkaCluster> {
  const dir = kept === undefined ? mkdtempSync(join(tmpdir(), "countersign-kafka-")) : resolve(kept);
  const clusterId = clusterIdOf(dir);
  const ports = await freePorts(2 * count);
  const voters = Array.from({ length: count }, (_, n) => `${n + 1}@127.0.0.1:${ports[count + n]}`).join(",");
  const servers = Array.from({ length: count }, (_, n) => {
    const nodeDir = join(dir, `node-${n + 1}`);
    formatNode(join(nodeDir, "data"), n + 1, clusterId);
    const data = join(nodeDir, "data");
    const plain = settingsOf(n + 1, ports[n]!, ports[count + n]!, voters, Math.min(count, 3), data);
    const settings = tls === undefined ? plain : `${plain.replaceAll("PLAINTEXT://", "SSL://")}${tlsSettings(tls)}`;
    writeFileSync(join(nodeDir, "server.properties"), settings, { mode: 0o600 });
    writeFileSync(join(nodeDir, "log4j.properties"), LOGGING);
    return new SupervisedServer({
      name: `Kafka node ${n + 1}`,
      command: program.java,
      args: [
        ...JVM,
        ...jvm,
        `-Dlog4j.configuration=file:${join(nodeDir, "log4j.properties")}`,
        "-cp",
        join(program.libs, "*"),
        "kafka.Kafka",
        join(nodeDir, "server.properties"),
      ],
      graceMs: kept === undefined ? 0 : GRACE_MS,
      removeAtEnd: kept === undefined ? [dir] : [],
      logFile: join(nodeDir, "kafka.log"),
      port: ports[n]!,
    });
  });
  const end = async () => {
    await Promise.all(servers.map((server) => server.end()));
    if (kept === undefined) rmSync(dir, { recursive: true, force: true });
  };
  try {
    await Promise.all(servers.map((server) => server.start()));
  } catch (error) {
    await end();
    throw error;
  }
  return {
    brokers: ports.slice(0, count).map((port) => `127.0.0.1:${port}`),
    node: (index) => nodeAt(servers, index),
    [Symbol.asyncDispose]: end,
  };
}

const GRACE_MS = 15_000;
// A broker that holds megabytes: it starts in two thirds of the time without the second compiler and with one collecting thread.
const JVM = ["-Xmx256m", "-Xss512k", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"];
const LOGGING = `log4j.rootLogger=WARN, stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.target=System.err
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=%d %p %m (%c)%n
`;

function settingsOf(id: number, port: number, controller: number, voters: string, replicas: number, data: string) {
  return `process.roles=broker,controller
node.id=${id}
controller.quorum.voters=${voters}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=${data}
auto.create.topics.enable=false
default.replication.factor=${replicas}
min.insync.replicas=${Math.min(replicas, 2)}
offsets.topic.replication.factor=${replicas}
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=${replicas}
transaction.state.log.min.isr=${Math.min(replicas, 2)}
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# A dead broker's partitions have another leader after 3 s instead of 9.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
# Half of the small heap by default.
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
`;
}

/** PEM in one line each, as Kafka takes it (KIP-651). */
function tlsSettings({ ca, cert, key, superUsers }: BrokerTls): string {
  const line = (pem: Uint8Array) => Buffer.from(pem).toString().trim().replaceAll("\n", "\\n");
  return `security.inter.broker.protocol=SSL
listener.security.protocol.map=CONTROLLER:PLAINTEXT,SSL:SSL
ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.certificate.chain=${line(cert)}
ssl.keystore.key=${line(key)}
ssl.truststore.type=PEM
ssl.truststore.certificates=${line(ca)}
${superUsers === undefined ? "" : authorizerSettings(superUsers)}`;
}

/** Controllers are spoken to in the clear, and only by each other. */
function authorizerSettings(superUsers: readonly string[]): string {
  return `authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=${["ANONYMOUS", ...superUsers].map((name) => `User:${name}`).join(";")}
`;
}

/**
 * What `kafka-storage format` writes (org.apache.kafka.metadata.properties.MetaProperties, version 1), without starting a Java
 * machine per node. Without a bootstrap file the controller begins at the newest metadata version.
 */
function formatNode(data: string, id: number, clusterId: string): void {
  mkdirSync(data, { recursive: true });
  const file = join(data, "meta.properties");
  if (existsSync(file)) return;
  writeFileSync(file, `version=1\ncluster.id=${clusterId}\nnode.id=${id}\ndirectory.id=${uuid()}\n`);
}

function clusterIdOf(dir: string): string {
  const file = join(dir, "node-1", "data", "meta.properties");
  if (!existsSync(file)) return uuid();
  const id = /^cluster\.id=(.+)$/m.exec(readFileSync(file, "utf8"))?.[1];
  if (id === undefined) throw new EngineError("START_FAILED", `${file} names no cluster: remove ${dir}`);
  return id;
}

/** org.apache.kafka.common.Uuid: 16 bytes in base64url; it must not begin with a dash, which command lines would misread. */
function uuid(): string {
  const id = randomBytes(16).toString("base64url");
  return id.startsWith("-") ? uuid() : id;
}

function sharedClasses({ archive }: KafkaProgram): string[] {
  return existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [];
}

/** One node starts and stops, and leaves an archive of the classes it loaded. Without one everything works, and starts slower. */
async function recordClasses(program: KafkaProgram): Promise<void> {
  const partial = `${program.archive}.${randomBytes(4).toString("hex")}`;
  const jvm = [`-XX:ArchiveClassesAtExit=${partial}`];
  await using cluster = await startCluster(program, { count: 1, jvm });
  await sleep(1_000); // the threads that start after the port is open
  await cluster.node(0).stop();
  if (existsSync(partial)) renameSync(partial, program.archive);
}
