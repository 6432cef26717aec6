/** The Bus on Apache Kafka, by kafkajs: at least once, without the broker's transactions. */
import { setTimeout as sleep } from "node:timers/promises";
import { partitionOf } from "../partition.ts";
import {
  type Bus,
  BusError,
  type Handler,
  type Lag,
  type OutRecord,
  type Placed,
  type SubscribeOptions,
  type Subscription,
  type TopicConfig,
} from "../port.ts";
import type { ClientOptions } from "./client.ts";
import type { Place } from "./deliveries.ts";
import { busError } from "./errors.ts";
import { lagOf } from "./positions.ts";
import { type Addressed, Publisher } from "./publisher.ts";
import { KafkaSubscription } from "./subscription.ts";
import { Topics } from "./topics.ts";

export type { ClientOptions, KafkaAddress, KafkaTls } from "./client.ts";

export interface KafkaBusOptions extends ClientOptions {
  /**
   * Hears of what no call can throw: each error of a handler (its records come again, after a while that doubles up to 10 s), a
   * consumer that ended and is started again, records that are lost, a handler that is stuck. Must not throw.
   */
  readonly onError: (error: unknown, place: Place) => void;
  /** After this time without a heartbeat a group gives a member's partitions to others, ms: 10 s. */
  readonly sessionTimeoutMs?: number;
  /** Copies of each topic: 3, on as many brokers. */
  readonly replicas?: number;
}

const SESSION_MS = 10_000;
const REPLICAS = 3;

export class KafkaBus implements Bus {
  readonly #o: KafkaBusOptions;
  readonly #topics: Topics;
  readonly #publisher: Publisher;
  readonly #subscriptions = new Set<KafkaSubscription>();
  #isClosed = false;

  /** Connects when it is first used. */
  constructor(options: KafkaBusOptions) {
    this.#o = options;
    this.#topics = new Topics(options, options.replicas ?? REPLICAS);
    this.#publisher = new Publisher(options);
  }

  ensureTopics(topics: readonly TopicConfig[]): Promise<void> {
    return this.#topics.ensure(topics);
  }

  async publish(
    records: readonly OutRecord[],
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<readonly Placed[]> {
    this.#refuseIfClosed();
    const addressed: Addressed[] = [];
    for (const record of records) {
      const count = this.#topics.partitionsOf(record.topic);
      const partition = partitionOf(record.key, typeof count === "number" ? count : await count);
      addressed.push({ ...record, partition });
    }
    return this.#publisher.publish(addressed, timeoutMs);
  }

  async subscribe(options: SubscribeOptions, handler: Handler): Promise<Subscription> {
    this.#refuseIfClosed();
    let partitions = 0;
    for (const topic of options.topics) partitions += await this.#topics.partitionsOf(topic);
    const { onError, sessionTimeoutMs = SESSION_MS } = this.#o;
    const subscription = await KafkaSubscription.open(options, handler, {
      client: this.#o,
      partitions,
      sessionTimeoutMs,
      onError,
      onClose: (one) => this.#subscriptions.delete(one),
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async lag(name: string): Promise<readonly Lag[]> {
    try {
      return await lagOf(this.#o, name);
    } catch (error) {
      throw busError(error, `the lag of ${name}`);
    }
  }

  /** Running handlers get `drainMs` to answer; then their signals are aborted, and nobody waits for them. */
  async close(drainMs: number): Promise<void> {
    this.#isClosed = true;
    const subscriptions = [...this.#subscriptions];
    const closed = Promise.all(subscriptions.map((one) => one.close()));
    const drained = new AbortController();
    const tooLate = sleep(drainMs, undefined, { signal: drained.signal }).catch(() => {});
    await Promise.race([closed, tooLate]);
    drained.abort();
    for (const one of subscriptions) one.abort();
    await this.#publisher.close();
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) throw new BusError("fatal", "CLOSED", "the bus is closed");
  }
}
