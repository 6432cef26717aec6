// The rights that the chart grants, on a real broker with a real authorizer: ACLs are made from our KafkaUsers as Strimzi makes them, and
// nothing else. Needs Helm as well, which renders the manifests.
import { setTimeout as sleep } from "node:timers/promises";
import { KafkaBus } from "@countersign/bus/kafka";
import { makeAuthority } from "@countersign/certificates";
import { type KafkaCluster, kafka } from "@countersign/engines";
import { groupsOf } from "@countersign/runtime";
import kafkajs, { type AclEntry, type Admin, type ITopicConfig, type Kafka, type Producer } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../packages/bus/src/kafka/client.ts";
import { checkTopics } from "../../platform/src/processes/topics.ts";
import { readTopology } from "../../policy/rules.ts";
import type { KubeObject } from "../../scripts/k8s/manifests.ts";
import { aclsOf } from "./support/allowed.ts";
import { render } from "./support/chart.ts";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const authority = makeAuthority({ name: "brokers", fromMs: Date.now() - 60_000, days: 1 });
const certificates = new Map<string, ReturnType<typeof authority.issue>>();
const running = new AsyncDisposableStack();
let cluster: KafkaCluster;
let users: readonly KubeObject[];
let topics: readonly KubeObject[];
let root: Admin;

/** Of one broker: one copy of everything. */
beforeAll(async () => {
  const objects = await render({ environment: "prod", values: { kafka: { strimzi: { replicas: 1 } } } });
  users = objects.filter(({ kind }) => kind === "KafkaUser");
  topics = objects.filter(({ kind }) => kind === "KafkaTopic");
  const tls = { ca: authority.ca, ...authority.issue("kafka", "127.0.0.1"), superUsers: ["CN=kafka", "CN=strimzi"] };
  cluster = running.use(await kafka({ nodes: 1, tls }));
  root = await adminOf("strimzi");
  await root.createTopics({ topics: topics.map(asTopic), waitForLeaders: true });
  await root.createAcls({ acl: users.flatMap(asAcls) });
  // A broker knows them a moment after the controller has them.
  while (!(await canDescribe("validator-3", "ledger.entries.v1"))) await sleep(50);
});
afterAll(() => running.disposeAsync());

describe.runIf(process.env.COUNTERSIGN_KAFKA === undefined)("on brokers that ask what somebody may do", () => {
  it("policy says what it permits, and no order of its own", async () => {
    const policy = await producerOf("policy");
    await expect(say(policy, "risk.policy.v1")).resolves.toBe("said");
    await expect(say(policy, "orders.intent.v1")).resolves.toBe("TOPIC_AUTHORIZATION_FAILED");
  });

  it("everybody writes the topics that their canvas publishes, and no other", { timeout: 180_000 }, async () => {
    const { agents, desk } = readTopology();
    const writes = new Map<string, readonly string[]>([
      ["paper-exchange", []],
      ["desk", desk.writes],
      ["scaler", []],
    ]);
    for (const { processes, writes: own } of Object.values(agents)) for (const name of processes) writes.set(name, own);
    expect(users.map(nameOf).toSorted()).toEqual([...writes.keys()].toSorted());
    for (const [user, own] of writes) {
      const producer = await producerOf(user);
      const written: string[] = [];
      for (const topic of topics.map(nameOf)) {
        const answer = await say(producer, topic);
        if (answer === "said") written.push(topic);
        else expect({ user, topic, answer }).toEqual({ user, topic, answer: "TOPIC_AUTHORIZATION_FAILED" });
      }
      expect({ user, written: written.toSorted() }).toEqual({ user, written: [...new Set(own)].toSorted() });
    }
  });

  it("everybody sees the topics that their canvas reads or writes, and no other", { timeout: 180_000 }, async () => {
    const { agents } = readTopology();
    for (const { processes, reads, writes } of Object.values(agents))
      for (const user of processes) {
        const seen: string[] = [];
        for (const topic of topics.map(nameOf)) if (await canDescribe(user, topic)) seen.push(topic);
        const own = new Set([...reads.map(({ topic }) => topic), ...writes]);
        expect({ user, seen: seen.toSorted() }).toEqual({ user, seen: [...own].toSorted() });
      }
  });

  it("what an agent says is read by those who may: in their group, each by itself, and what may wait", async () => {
    const signal = bus("signal");
    await signal.publish(
      [{ topic: "signals.market.v1", key: Buffer.from("k"), value: Buffer.from("up"), headers: {} }],
      {
        timeoutMs: 10_000,
      },
    );
    const [urgent, patient] = groupsOf("portfolio");
    expect(await firstOf(bus("portfolio"), "signals.market.v1", { kind: "group", name: urgent })).toBe("up");
    expect(await firstOf(bus("portfolio"), "signals.market.v1", { kind: "group", name: patient })).toBe("up");
    expect(await firstOf(bus("portfolio"), "signals.market.v1", { kind: "every", name: "portfolio" })).toBe("up");
  });

  it("who may write a topic may not read it for that", async () => {
    expect(await refusalOf("policy", "orders.execution.v1", "policy.elsewhere")).toBe(undefined);
    expect(await refusalOf("policy", "risk.policy.v1", "policy.elsewhere")).toMatch("Topic authorization failed");
  });

  it.each([
    ["the group of another", "policy"],
    ["one that begins with the name of another", "policy.fence.every.1"],
    ["one that only begins like its own", "hedgerow"],
    ["one that nobody has", "fence"],
  ])("hedger reads in its own groups, and not in %s", async (_, group) => {
    expect(await refusalOf("hedger", "market.quotes.v1", "hedger")).toBe(undefined);
    expect(await refusalOf("hedger", "market.quotes.v1", group)).toMatch("Group authorization failed");
  });

  it("nobody makes a topic, removes one, changes how long it keeps, or gives itself a right", async () => {
    const before = (await root.listTopics()).toSorted();
    const grant = asAcls({ ...users[0]!, metadata: { name: "intruder" } }).slice(0, 1);
    const configEntries = [{ name: "retention.ms", value: "1" }];
    for (const user of users.map(nameOf)) {
      const admin = await adminOf(user);
      const change = { type: kafkajs.ConfigResourceTypes.TOPIC, name: "audit.records.v1", configEntries };
      const attempts = {
        make: () => admin.createTopics({ topics: [{ topic: `${user}.v1`, numPartitions: 1, replicationFactor: 1 }] }),
        remove: () => admin.deleteTopics({ topics: ["audit.records.v1"] }),
        change: () => admin.alterConfigs({ validateOnly: false, resources: [change] }),
        grant: () => admin.createAcls({ acl: grant }),
      };
      for (const [what, attempt] of Object.entries(attempts)) {
        const answer = await attempt().then(() => "done", typeOf);
        expect({ user, what, answer }).toEqual({
          user,
          what,
          answer: expect.stringMatching(/^(TOPIC|CLUSTER)_AUTHORIZATION_FAILED$/),
        });
      }
    }
    expect((await root.listTopics()).toSorted()).toEqual(before);
    expect(await root.fetchTopicMetadata({ topics: ["audit.records.v1"] })).toBeDefined();
  });

  it("the topics are as the catalogue says, and the desk may see that", async () => {
    expect(await checkTopics({ brokers: cluster.brokers, tls: tlsOf("desk"), replicas: 1 })).toEqual([]);
  });

  it("whoever has a certificate and no KafkaUser sees and says nothing", async () => {
    expect(await (await adminOf("stranger")).listTopics()).toEqual([]);
    expect(await say(await producerOf("stranger"), "market.quotes.v1")).toBe("TOPIC_AUTHORIZATION_FAILED");
  });
});

// ── manifests as brokers have them ──

function asTopic(topic: KubeObject): ITopicConfig {
  const { partitions, replicas, config } = topic.spec as {
    readonly partitions: number;
    readonly replicas: number;
    readonly config: Readonly<Record<string, unknown>>;
  };
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value: String(value) }));
  return { topic: nameOf(topic), numPartitions: partitions, replicationFactor: replicas, configEntries };
}

/** As Strimzi's user operator does: the principal is the subject of the certificate that it issues. */
function asAcls(user: KubeObject): AclEntry[] {
  return aclsOf(user).flatMap(({ resource, operations }) =>
    operations.map((operation) => ({
      principal: `User:CN=${nameOf(user)}`,
      host: "*",
      permissionType: AclPermissionTypes.ALLOW,
      operation: operationTypes[operation] ?? refuse(`the operation ${operation}`),
      resourceType: resourceTypes[resource.type] ?? refuse(`the resource ${resource.type}`),
      resourceName:
        resource.type === "cluster" ? "kafka-cluster" : (resource.name ?? refuse("a resource without a name")),
      resourcePatternType:
        resource.patternType === "prefix" ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    })),
  );
}

const operationTypes: Readonly<Record<string, number>> = {
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
};
const resourceTypes: Readonly<Record<string, number>> = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  cluster: AclResourceTypes.CLUSTER,
};

function refuse(what: string): never {
  throw new Error(`${what} is none that the chart grants`);
}

function nameOf({ metadata }: KubeObject): string {
  return metadata.name ?? refuse("a user without a name");
}

// ── clients, each with a certificate in its name ──

function certificateOf(user: string) {
  const found = certificates.get(user) ?? authority.issue(user);
  certificates.set(user, found);
  return found;
}

function tlsOf(user: string) {
  return { ca: authority.ca, ...certificateOf(user) };
}

function client(user: string): Kafka {
  return connect({ brokers: cluster.brokers, tls: tlsOf(user), clientId: user });
}

const admins = new Map<string, Admin>();

async function adminOf(user: string): Promise<Admin> {
  const known = admins.get(user);
  if (known !== undefined) return known;
  const admin = client(user).admin();
  admins.set(user, admin);
  await admin.connect();
  running.defer(() => admin.disconnect());
  return admin;
}

async function producerOf(user: string): Promise<Producer> {
  const producer = client(user).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  running.defer(() => producer.disconnect());
  return producer;
}

function bus(user: string): KafkaBus {
  const made = new KafkaBus({
    brokers: cluster.brokers,
    tls: tlsOf(user),
    clientId: user,
    replicas: 1,
    onError: () => {},
  });
  running.defer(() => made.close(0));
  return made;
}

async function say(producer: Producer, topic: string): Promise<string> {
  return producer.send({ topic, messages: [{ key: "k", value: "v" }] }).then(() => "said", typeOf);
}

async function canDescribe(user: string, topic: string): Promise<boolean> {
  const admin = await adminOf(user);
  const answer = await admin.fetchTopicMetadata({ topics: [topic] }).then(() => "seen", typeOf);
  if (answer !== "seen") expect(answer).toBe("TOPIC_AUTHORIZATION_FAILED");
  return answer === "seen";
}

function firstOf(
  of: KafkaBus,
  topic: string,
  as: { readonly kind: "group" | "every"; readonly name: string },
): Promise<string> {
  const options = { topics: [topic], as, from: "earliest", maxInFlightBytes: 1e6, maxProcessingMs: 5_000 } as const;
  return new Promise((resolve, reject) => {
    const handler = ({
      records,
    }: {
      readonly records: readonly { readonly value: Uint8Array; readonly offset: bigint }[];
    }) => {
      // What the test before has written to try its rights is there too.
      const text = records.map(({ value }) => Buffer.from(value).toString()).find((one) => one !== "v");
      if (text !== undefined) resolve(text);
      return { through: records.at(-1)!.offset };
    };
    of.subscribe(options, handler).catch(reject);
  });
}

/** Reads until it is given a batch, or what the broker refused: kafkajs only logs that, and says that it found no coordinator. */
async function refusalOf(user: string, topic: string, groupId: string): Promise<string | undefined> {
  const refusal = Promise.withResolvers<string | undefined>();
  const { ca, cert, key } = tlsOf(user);
  const consumer = new kafkajs.Kafka({
    brokers: [...cluster.brokers],
    ssl: { ca: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) },
    logLevel: kafkajs.logLevel.ERROR,
    logCreator:
      () =>
      ({ log }) => {
        const error: unknown = log.error;
        if (String(error).includes("authorization failed")) refusal.resolve(String(error));
      },
    retry: { retries: 0 },
  }).consumer({ groupId, retry: { retries: 0, restartOnFailure: async () => false } });
  await say(await producerOf("kafka"), topic);
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const eachBatch = async () => refusal.resolve(undefined);
  // Whether it says so itself or only logs it.
  consumer.run({ autoCommit: false, eachBatch }).catch(() => {});
  const answer = await refusal.promise;
  await consumer.disconnect();
  return answer;
}

/** The protocol's name of what went wrong; kafkajs wraps errors in errors. */
function typeOf(error: unknown): string {
  const { type, cause, errors, message } = error as {
    type?: string;
    cause?: unknown;
    errors?: unknown[];
    message?: string;
  };
  if (type !== undefined) return type;
  if (cause instanceof Error) return typeOf(cause);
  return errors?.[0] instanceof Error ? typeOf(errors[0]) : String(message);
}
