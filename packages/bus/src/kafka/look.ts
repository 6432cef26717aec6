/** What brokers say of themselves, for a person who looks: it reads, and changes nothing. */
import kafkajs from "kafkajs";
import { BusError, type TopicConfig } from "../port.ts";
import { ask, type ClientOptions, patiently } from "./client.ts";
import { differencesOf, type TopicDifference } from "./differences.ts";
import { busError } from "./errors.ts";

export type { TopicDifference } from "./differences.ts";

export interface BrokerFacts {
  /** host:port of those that are up. */
  readonly up: readonly string[];
  /** Those that would make a topic of any name that somebody misspells. */
  readonly autoCreating: readonly string[];
}

export interface PartitionEnds {
  readonly partition: number;
  /** The first offset that is kept. */
  readonly low: bigint;
  /** Behind the last one. */
  readonly high: bigint;
}

/** @throws BusError UNREACHABLE */
export function describeBrokers(client: ClientOptions): Promise<BrokerFacts> {
  return looking(client, "the brokers", async (admin) => {
    const { brokers } = await admin.describeCluster();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: brokers.map(({ nodeId }) => ({
        type: kafkajs.ConfigResourceTypes.BROKER,
        name: String(nodeId),
        configNames: [AUTO_CREATE],
      })),
    });
    const addressOf = new Map(brokers.map(({ nodeId, host, port }) => [String(nodeId), `${host}:${port}`]));
    // Who does not say that it does not, does.
    const creating = resources.filter(
      ({ configEntries }) =>
        !configEntries.some(({ configName, configValue }) => configName === AUTO_CREATE && configValue === "false"),
    );
    return {
      up: [...addressOf.values()],
      autoCreating: creating.map(({ resourceName }) => addressOf.get(resourceName) ?? resourceName),
    };
  });
}

/** In alphabetical order. @throws BusError UNREACHABLE */
export function topicNames(client: ClientOptions): Promise<readonly string[]> {
  return looking(client, "the names of the topics", async (admin) => (await admin.listTopics()).toSorted());
}

/** What is not as wanted; nothing, when everything is. @throws BusError UNREACHABLE */
export function topicDifferences(
  client: ClientOptions,
  topics: readonly TopicConfig[],
  replicas: number,
): Promise<readonly TopicDifference[]> {
  return looking(client, "the topics", async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ topic }) => !existing.has(topic));
    const found = topics.filter(({ topic }) => existing.has(topic));
    return [
      ...missing.map(({ topic }) => ({ topic, what: "topic", is: "missing", wanted: "there" })),
      ...(await differencesOf(admin, found, replicas)),
    ];
  });
}

/** Of each topic, in their order, over one connection. @throws BusError UNREACHABLE, UNKNOWN_TOPIC */
export function topicEnds(
  client: ClientOptions,
  topics: readonly string[],
): Promise<readonly (readonly PartitionEnds[])[]> {
  return looking(client, `the ends of ${topics.join(", ")}`, async (admin) => {
    const found: PartitionEnds[][] = [];
    for (const topic of topics) {
      const ends = await patiently(() => admin.fetchTopicOffsets(topic));
      found.push(ends.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) })));
    }
    return found;
  });
}

async function looking<T>(client: ClientOptions, what: string, question: Parameters<typeof ask<T>>[1]): Promise<T> {
  try {
    return await ask(client, question);
  } catch (error) {
    const failure = busError(error, `${what}, asked of ${client.brokers.join(", ")}`);
    if (failure.code !== "UNREACHABLE") throw failure;
    throw new BusError(failure.kind, failure.code, `${failure.message}: are the brokers up?`, { cause: error });
  }
}

const AUTO_CREATE = "auto.create.topics.enable";
