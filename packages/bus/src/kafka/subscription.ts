/**
 * One consumer. Rules:
 * 1. A broker is asked for more only when everything it gave has been answered for: what is in flight is bounded by what one round of
 *    fetches may bring, and a slow handler holds up nothing but itself and its broker's partitions.
 * 2. The offset is committed after the handler's answer. What was not answered for is delivered again from there: after an error of
 *    the handler, a rebalance, the end of this process.
 * 3. A rebalance waits for the running handlers, so a key is never in two handlers of one group; unless one is past its deadline.
 * 4. A handler past its deadline is told by its signal. One that goes on makes the subscription leave its group, and `stuck` for good.
 * 5. kafkajs never starts a consumer again by itself: when one ends, a new one takes its place here, and `onError` hears of it.
 */
import { randomUUID } from "node:crypto";
import { type Clock, machineClock } from "@countersign/time";
import type { Consumer, EachBatchPayload } from "kafkajs";
import {
  BusError,
  type Delivered,
  type Handler,
  type Health,
  type SubscribeOptions,
  type Subscription,
  type TopicPartition,
} from "../port.ts";
import { ask, type ClientOptions, connect, patiently, RETRY } from "./client.ts";
import { Delivery, delivered, sizeOf } from "./deliver.ts";
import { busError } from "./errors.ts";
import { beginGroup, firstOffsets } from "./positions.ts";

/** Where it happened; the offset is that of the first record handed over. */
export interface Place extends Partial<TopicPartition> {
  readonly subscription: string;
  readonly offset?: bigint;
  /** How often these records have failed in a row. */
  readonly attempt?: number;
}

export interface SubscriptionOptions {
  readonly client: ClientOptions;
  readonly sessionTimeoutMs: number;
  readonly onError: (error: unknown, place: Place) => void;
  readonly onClose: (subscription: KafkaSubscription) => void;
}

const MAX_BATCH_RECORDS = 500; // so that a deadline, a pause and a rebalance have something to stand between
const POLL_MS = 250;
const BACKOFF_MS = { first: 100, most: 10_000 };
const RESTART_MS = { first: 250, most: 5_000 };
const SILENT_MS = 30_000;

export class KafkaSubscription implements Subscription {
  readonly #s: SubscribeOptions;
  readonly #handler: Handler;
  readonly #o: SubscriptionOptions;
  readonly #groupId: string;
  readonly #clock: Clock = machineClock;
  #consumer: Consumer | undefined;
  #state: "starting" | "reading" | "restarting" | "stuck" | "closed" = "starting";
  #assigned: readonly TopicPartition[] = [];
  #ready: Promise<void> = Promise.resolve();
  /** The offset that comes next, by partition. */
  readonly #next = new Map<string, bigint>();
  readonly #paused = new Set<string>();
  readonly #backingOff = new Map<string, NodeJS.Timeout>();
  readonly #attempts = new Map<string, number>();
  readonly #running = new Map<string, Delivery>();
  #restart: NodeJS.Timeout | undefined;
  #restarts = 0;
  #inFlightBytes = 0;
  #lastDeliveryMs: number | undefined;
  #lastFetchMs: number | undefined;
  #lastProgressMs: number;

  private constructor(options: SubscribeOptions, handler: Handler, own: SubscriptionOptions) {
    this.#s = options;
    this.#handler = handler;
    this.#o = own;
    const { kind, name } = options.as;
    this.#groupId = kind === "group" ? name : `${name}.every.${randomUUID()}`;
    this.#lastProgressMs = this.#clock.nowMs();
  }

  /** Returns when it has its partitions. @throws BusError */
  static async open(options: SubscribeOptions, handler: Handler, own: SubscriptionOptions): Promise<KafkaSubscription> {
    const subscription = new KafkaSubscription(options, handler, own);
    try {
      if (options.as.kind === "every") await subscription.#findPositions();
      await patiently(() => subscription.#start());
      return subscription;
    } catch (error) {
      await subscription.close();
      throw busError(error, `subscribe ${options.as.name}`);
    }
  }

  pause(at: readonly TopicPartition[]): void {
    for (const one of at) this.#paused.add(nameOf(one));
    this.#consumer?.pause(at.map(asKafkajs));
  }

  resume(at: readonly TopicPartition[]): void {
    for (const one of at) this.#paused.delete(nameOf(one));
    this.#consumer?.resume(at.filter((one) => !this.#backingOff.has(nameOf(one))).map(asKafkajs));
  }

  seek(at: TopicPartition, offset: bigint): void {
    if (this.#consumer === undefined || !this.#assigned.some((one) => nameOf(one) === nameOf(at)))
      throw new BusError("fatal", "BAD_OFFSET", `${nameOf(at)} is not assigned here`);
    this.#next.set(nameOf(at), offset);
    this.#consumer.seek({ ...at, offset: String(offset) });
  }

  assigned(): readonly TopicPartition[] {
    return this.#assigned;
  }

  health(): Health {
    const isLate = [...this.#running.values()].some((delivery) => delivery.isLate);
    return {
      lastDeliveryMs: this.#lastDeliveryMs,
      lastFetchMs: this.#lastFetchMs,
      paused: this.#assigned.filter((at) => this.#isPaused(nameOf(at))).length,
      inFlightBytes: this.#inFlightBytes,
      stuck: this.#state === "stuck" || isLate || this.#isSilent(),
    };
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#restart);
    for (const timer of this.#backingOff.values()) clearTimeout(timer);
    await this.#leave();
    if (this.#s.as.kind === "every") await this.#removeGroup();
    this.#o.onClose(this);
  }

  /** Tells the running handlers to end. */
  abort(): void {
    for (const delivery of this.#running.values()) delivery.abort();
  }

  // ── the consumer's life ──

  async #start(): Promise<void> {
    const { topics, maxProcessingMs } = this.#s;
    const bytes = Math.max(1, Math.floor(this.#s.maxInFlightBytes / (await this.#brokers())));
    const consumer = connect(this.#o.client).consumer({
      groupId: this.#groupId,
      sessionTimeout: this.#o.sessionTimeoutMs,
      heartbeatInterval: this.#heartbeatMs,
      rebalanceTimeout: 2 * maxProcessingMs + this.#o.sessionTimeoutMs, // rule 3
      maxWaitTimeInMs: POLL_MS,
      maxBytes: bytes,
      maxBytesPerPartition: bytes,
      allowAutoTopicCreation: false,
      retry: { ...RETRY, restartOnFailure: async () => false }, // rule 5
    });
    let crash: Error | undefined;
    const { CRASH, GROUP_JOIN, REQUEST } = consumer.events;
    consumer.on(GROUP_JOIN, ({ payload }) => this.#onJoin(consumer, payload.memberAssignment));
    consumer.on(REQUEST, ({ payload }) => this.#onAnswer(payload.apiName));
    consumer.on(CRASH, ({ payload }) => {
      crash = payload.error;
      if (this.#state === "reading") this.#onCrash(payload.error);
    });
    try {
      await consumer.connect();
      // Ours are sought explicitly; this is what kafkajs does where retention has taken the offset that it wanted.
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 1_000, // all
        eachBatch: (payload) => this.#onBatch(payload),
      });
      if (crash === undefined) await this.#ready;
      if (crash !== undefined) throw crash;
    } catch (error) {
      await consumer.disconnect().catch(() => {});
      throw error;
    }
    this.#lastProgressMs = this.#clock.nowMs();
    if (this.#state === "starting" || this.#state === "restarting") this.#state = "reading";
    this.#restarts = 0;
    if (this.#state === "closed") await this.#leave();
  }

  /** Runs before anything of the new assignment is fetched. */
  #onJoin(consumer: Consumer, assignment: Readonly<Record<string, readonly number[]>>): void {
    this.#consumer = consumer;
    this.#assigned = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    consumer.pause(this.#assigned.filter((at) => this.#isPaused(nameOf(at))).map(asKafkajs));
    if (this.#s.as.kind === "group") {
      this.#next.clear();
      this.#ready = this.#begin(consumer, this.#assigned);
      this.#ready.catch(() => {}); // whoever awaits it hears of it
      return;
    }
    for (const at of this.#assigned) consumer.seek({ ...at, offset: String(this.#next.get(nameOf(at)) ?? 0n) });
  }

  /** A group's first position is committed before anything is read, so that it is the same one after a crash. */
  async #begin(consumer: Consumer, assigned: readonly TopicPartition[]): Promise<void> {
    const positions = await beginGroup(this.#o.client, this.#groupId, assigned, this.#s.from);
    const isNew = positions.filter((position) => position.isNew);
    for (const { topic, partition, offset } of positions) this.#next.set(nameOf({ topic, partition }), offset);
    for (const { topic, partition, offset, isLost } of isNew)
      if (isLost) this.#onLost({ topic, partition }, offset, "what came");
    for (const { topic, partition, offset } of isNew) consumer.seek({ topic, partition, offset: String(offset) });
    await consumer.commitOffsets(
      isNew.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })),
    );
  }

  async #findPositions(): Promise<void> {
    for (const topic of this.#s.topics)
      for (const [partition, offset] of await firstOffsets(this.#o.client, topic, this.#s.from))
        this.#next.set(nameOf({ topic, partition }), offset);
    for (const at of this.#s.positions ?? []) this.#next.set(nameOf(at), at.offset);
  }

  #onCrash(error: unknown): void {
    this.#state = "restarting";
    this.#assigned = [];
    this.#consumer = undefined;
    this.#o.onError(busError(error, `the consumer of ${this.#s.as.name} ended`), { subscription: this.#s.as.name });
    const afterMs = Math.min(RESTART_MS.first * 2 ** this.#restarts++, RESTART_MS.most);
    this.#restart = setTimeout(() => {
      this.#start().catch((cause: unknown) => {
        if (this.#state === "restarting") this.#onCrash(cause);
      });
    }, afterMs);
  }

  /** A group that nobody will join again. Where this cannot be done, the broker removes it: it has no members and no offsets. */
  async #removeGroup(): Promise<void> {
    await ask(this.#o.client, (admin) => admin.deleteGroups([this.#groupId])).catch(() => {});
  }

  async #leave(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    this.#assigned = [];
    await consumer?.disconnect().catch(() => {}); // the broker notices by itself
  }

  // ── delivery ──

  async #onBatch({ batch, heartbeat, commitOffsetsIfNecessary, resolveOffset, isRunning, isStale }: EachBatchPayload) {
    await this.#ready;
    const { topic, partition } = batch;
    const at = nameOf({ topic, partition });
    const records = batch.messages.map((message) => delivered(topic, partition, message));
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
    let isRebalancing = false;
    const beating = setInterval(() => {
      heartbeat().catch(() => {
        isRebalancing = true; // kafkajs asks again when this returns, and then joins
      });
    }, this.#heartbeatMs);
    this.#inFlightBytes += bytes;
    try {
      this.#noteGap(records, at);
      for (let done = 0; done < records.length; ) {
        if (this.#state === "closed" || this.#state === "stuck") return;
        if (!isRunning() || isStale() || isRebalancing || this.#isPaused(at) || this.#running.has(at)) return;
        const through = await this.#handOver(topic, partition, records.slice(done, done + MAX_BATCH_RECORDS));
        if (through === undefined) return;
        const next = String(through + 1n);
        if (this.#s.as.kind === "group")
          await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: next }] }] });
        if (isStale()) return;
        resolveOffset(String(through));
        this.#next.set(at, through + 1n);
        while (done < records.length && records[done]!.offset <= through) done++;
      }
    } finally {
      clearInterval(beating);
      this.#inFlightBytes -= bytes;
    }
  }

  /** Undefined when the records are to come again. */
  async #handOver(topic: string, partition: number, records: readonly Delivered[]): Promise<bigint | undefined> {
    const at = nameOf({ topic, partition });
    const delivery = new Delivery();
    this.#running.set(at, delivery);
    this.#lastDeliveryMs = this.#clock.nowMs();
    try {
      const through = await delivery.run(this.#handler, { topic, partition, records }, this.#s.maxProcessingMs);
      this.#running.delete(at);
      this.#attempts.delete(at);
      this.#lastProgressMs = this.#clock.nowMs();
      return through;
    } catch (error) {
      const attempt = (this.#attempts.get(at) ?? 0) + 1;
      this.#attempts.set(at, attempt);
      if (error instanceof BusError && error.code === "STUCK") this.#giveUp();
      else {
        this.#running.delete(at);
        this.#backOff({ topic, partition }, attempt);
      }
      this.#o.onError(error, { subscription: this.#s.as.name, topic, partition, offset: records[0]!.offset, attempt });
      return undefined;
    }
  }

  #backOff(at: TopicPartition, attempt: number): void {
    if (this.#state === "closed") return;
    this.#consumer?.pause([asKafkajs(at)]);
    const resume = () => {
      this.#backingOff.delete(nameOf(at));
      if (!this.#paused.has(nameOf(at))) this.#consumer?.resume([asKafkajs(at)]);
    };
    const waitMs = Math.min(BACKOFF_MS.first * 2 ** (attempt - 1), BACKOFF_MS.most);
    this.#backingOff.set(nameOf(at), setTimeout(resume, waitMs));
  }

  /** Rule 4: its partitions go on elsewhere. */
  #giveUp(): void {
    if (this.#state === "closed") return;
    this.#state = "stuck";
    this.abort();
    void this.#leave();
  }

  #noteGap(records: readonly Delivered[], at: string): void {
    const [expected, first] = [this.#next.get(at), records[0]];
    if (first === undefined || expected === undefined || first.offset <= expected) return;
    this.#onLost(first, first.offset, `${first.offset - expected} records`);
  }

  /** Retention took records that nobody has read, or a leader was elected that did not have them. */
  #onLost({ topic, partition }: TopicPartition, offset: bigint, what: string): void {
    const lost = `${what} before ${offset} of ${topic}/${partition} can no longer be read`;
    const place = { subscription: this.#s.as.name, topic, partition, offset };
    this.#o.onError(new BusError("fatal", "RECORDS_LOST", lost), place);
  }

  // ── health ──

  #onAnswer(apiName: string): void {
    const nowMs = this.#clock.nowMs();
    if (apiName === "Fetch") this.#lastFetchMs = nowMs;
    const hasNothingToFetch = this.#assigned.every((at) => this.#isPaused(nameOf(at)));
    if (apiName === "Fetch" || apiName === "JoinGroup" || hasNothingToFetch) this.#lastProgressMs = nowMs;
  }

  /** Not while a handler works, nor while the consumer is known to be down. */
  #isSilent(): boolean {
    if (this.#state !== "reading" || this.#running.size > 0) return false;
    return this.#clock.nowMs() - this.#lastProgressMs > Math.max(SILENT_MS, 3 * this.#s.maxProcessingMs);
  }

  #isPaused(at: string): boolean {
    return this.#paused.has(at) || this.#backingOff.has(at);
  }

  get #heartbeatMs(): number {
    return Math.min(1_000, Math.floor(this.#o.sessionTimeoutMs / 4));
  }

  async #brokers(): Promise<number> {
    return (await ask(this.#o.client, (admin) => admin.describeCluster())).brokers.length;
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function asKafkajs({ topic, partition }: TopicPartition) {
  return { topic, partitions: [partition] };
}
