import type { Admin } from "kafkajs";
import { BusError, type TopicConfig } from "../port.ts";
import { ask, type ClientOptions, patiently } from "./client.ts";
import { differencesOf, settingsOf } from "./differences.ts";
import { busError, typeOf } from "./errors.ts";

const CREATE_MS = 30_000;

/** What topics there are, and how many partitions each has: a number that never changes, so that a key stays where it is. */
export class Topics {
  readonly #client: ClientOptions;
  readonly #replicas: number;
  readonly #partitions = new Map<string, number>();

  constructor(client: ClientOptions, replicas: number) {
    this.#client = client;
    this.#replicas = replicas;
  }

  /** Answers at once for a topic that was asked for before. @throws BusError UNKNOWN_TOPIC, UNREACHABLE */
  partitionsOf(topic: string): number | Promise<number> {
    return this.#partitions.get(topic) ?? this.#look(topic);
  }

  /**
   * Creates what is missing: with its replicas, of which two must have a record before it is acknowledged, and the broker's time on
   * each record. Waits up to 30 s for the brokers that this takes: a topic that was made with fewer copies would keep fewer.
   * @throws BusError TOPIC_MISMATCH, UNREACHABLE
   */
  async ensure(topics: readonly TopicConfig[]): Promise<void> {
    try {
      await ask(this.#client, async (admin) => {
        const { brokers } = await patiently(() => this.#enough(admin), CREATE_MS);
        const existing = new Set(await admin.listTopics());
        const missing = topics.filter(({ topic }) => !existing.has(topic));
        if (missing.length > 0) {
          const creations = missing.map((one) => creation(one, this.#replicas));
          await admin.createTopics({ timeout: CREATE_MS, topics: creations, waitForLeaders: false });
        }
        for (const { host, port } of brokers) await this.#known(`${host}:${port}`, topics);
        for (const { topic, what, is, wanted } of await differencesOf(admin, topics, this.#replicas))
          throw new BusError(
            "fatal",
            "TOPIC_MISMATCH",
            `topic ${topic} has ${what} ${is} instead of ${wanted}: correct it, or remove the topic`,
          );
      });
    } catch (error) {
      throw busError(error, "the topics could not be ensured");
    }
  }

  async #enough(admin: Admin) {
    const cluster = await admin.describeCluster();
    const up = cluster.brokers.length;
    if (up >= this.#replicas) return cluster;
    const cure = "start the others, or ask for fewer copies";
    throw new BusError(
      "retriable",
      "UNREACHABLE",
      `${this.#replicas} copies of a topic need as many brokers, and ${up} are up: ${cure}`,
    );
  }

  /** What was created a moment ago is not known to every broker at once. */
  async #known(broker: string, topics: readonly TopicConfig[]): Promise<void> {
    const names = topics.map(({ topic }) => topic);
    await ask({ ...this.#client, brokers: [broker] }, (admin) =>
      patiently(() => admin.fetchTopicMetadata({ topics: names }), CREATE_MS),
    );
  }

  async #look(topic: string): Promise<number> {
    try {
      const { topics } = await ask(this.#client, (admin) => admin.fetchTopicMetadata({ topics: [topic] }));
      const count = topics[0]!.partitions.length;
      this.#partitions.set(topic, count);
      return count;
    } catch (error) {
      if (typeOf(error) !== "UNKNOWN_TOPIC_OR_PARTITION") throw busError(error, `the partitions of ${topic}`);
      throw new BusError("fatal", "UNKNOWN_TOPIC", `topic ${topic} does not exist: ensureTopics first`, {
        cause: error,
      });
    }
  }
}

function creation({ topic, partitions, retentionMs }: TopicConfig, replicas: number) {
  return {
    topic,
    numPartitions: partitions,
    replicationFactor: replicas,
    configEntries: Object.entries(settingsOf(replicas, retentionMs)).map(([name, value]) => ({ name, value })),
  };
}
