/**
 * One consumer. Rules:
 * 1. A broker is asked for more only when everything it gave has been answered for: what is in flight is bounded by what one round of
 *    fetches may bring, and a slow handler holds up nothing but itself and its broker's partitions.
 * 2. The offset is committed after the handler's answer, soon. What was not answered for, or not yet committed, is delivered again from
 *    there: after an error of the handler, a rebalance, the end of this process.
 * 3. A rebalance waits for the running handlers, so a key is never in two handlers of one group; unless one is past its deadline.
 * 4. A handler past its deadline is told by its signal. One that goes on makes the subscription leave its group, and `stuck` for good.
 * 5. kafkajs never starts a consumer again by itself: when one ends, a new one takes its place here, and `onError` hears of it.
 */
import { randomUUID } from "node:crypto";
import { machineClock } from "@countersign/time";
import type { Consumer, EachBatchPayload } from "kafkajs";
import {
  BusError,
  type Handler,
  type Health,
  type Position,
  type SubscribeOptions,
  type Subscription,
  type TopicPartition,
} from "../port.ts";
import { ask, type ClientOptions, connect, patiently, RETRY } from "./client.ts";
import { Deliveries, nameOf, type Place } from "./deliveries.ts";
import { busError } from "./errors.ts";
import { OffsetCommits } from "./offset-commits.ts";
import { beginGroup, firstOffsets } from "./positions.ts";

export interface SubscriptionOptions {
  readonly client: ClientOptions;
  /** Of all its topics. */
  readonly partitions: number;
  readonly sessionTimeoutMs: number;
  readonly onError: (error: unknown, place: Place) => void;
  readonly onClose: (subscription: KafkaSubscription) => void;
}

const POLL_MS = 250;
const RESTART_MS = { first: 250, most: 5_000 };
const SILENT_MS = 30_000;

export class KafkaSubscription implements Subscription {
  readonly #s: SubscribeOptions;
  readonly #o: SubscriptionOptions;
  readonly #groupId: string;
  readonly #deliveries: Deliveries;
  readonly #commits = new OffsetCommits((positions) => this.#commit(positions));
  #state: "starting" | "reading" | "restarting" | "stuck" | "closed" = "starting";
  #consumer: Consumer | undefined;
  #assigned: readonly TopicPartition[] = [];
  #ready: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;
  #restarts = 0;
  #lastFetchMs: number | undefined;
  #lastSignMs = machineClock.nowMs();

  private constructor(options: SubscribeOptions, handler: Handler, own: SubscriptionOptions) {
    this.#s = options;
    this.#o = own;
    const { kind, name } = options.as;
    this.#groupId = kind === "group" ? name : `${name}.every.${randomUUID()}`;
    this.#deliveries = new Deliveries({
      name,
      handler,
      maxProcessingMs: options.maxProcessingMs,
      heartbeatMs: this.#heartbeatMs,
      commits: kind === "group" ? this.#commits : undefined,
      isOpen: () => this.#state !== "closed" && this.#state !== "stuck",
      pause: (at) => this.#consumer?.pause([asKafkajs(at)]),
      resume: (at) => this.#consumer?.resume([asKafkajs(at)]),
      onError: own.onError,
      onStuck: () => this.#giveUp(),
    });
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
    for (const one of at) this.#deliveries.pause(one);
  }

  resume(at: readonly TopicPartition[]): void {
    for (const one of at) this.#deliveries.resume(one);
  }

  seek(at: TopicPartition, offset: bigint): void {
    if (this.#consumer === undefined || !this.#assigned.some((one) => nameOf(one) === nameOf(at)))
      throw new BusError("fatal", "BAD_OFFSET", `${nameOf(at)} is not assigned here`);
    this.#deliveries.next.set(nameOf(at), offset);
    this.#consumer.seek({ ...at, offset: String(offset) });
  }

  assigned(): readonly TopicPartition[] {
    return this.#assigned;
  }

  health(): Health {
    const { lastDeliveryMs, inFlightBytes, isLate } = this.#deliveries;
    return {
      lastDeliveryMs,
      lastFetchMs: this.#lastFetchMs,
      paused: this.#assigned.filter((at) => this.#deliveries.isPaused(at)).length,
      inFlightBytes,
      stuck: this.#state === "stuck" || isLate || this.#isSilent(),
    };
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#restart);
    this.#deliveries.close();
    await this.#commits.close();
    await this.#leave();
    if (this.#s.as.kind === "every") await this.#removeGroup();
    this.#o.onClose(this);
  }

  /** Tells the running handlers to end. */
  abort(): void {
    this.#deliveries.abort();
  }

  // ── the consumer's life ──

  async #start(): Promise<void> {
    const { topics, maxProcessingMs, maxInFlightBytes } = this.#s;
    const { brokers } = await ask(this.#o.client, (admin) => admin.describeCluster());
    const bytes = Math.max(1, Math.floor(maxInFlightBytes / brokers.length)); // rule 1
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
    const { CRASH, GROUP_JOIN, REBALANCING, REQUEST } = consumer.events;
    // Before it joins anew, so that whoever gets a partition goes on where this one is.
    consumer.on(REBALANCING, () => void this.#commits.flush());
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
        // All, and no more: kafkajs asks each of so many workers after each fetch.
        partitionsConsumedConcurrently: this.#o.partitions,
        eachBatch: (payload) => this.#onBatch(payload),
      });
      if (crash === undefined) await this.#ready;
      if (crash !== undefined) throw crash;
    } catch (error) {
      await consumer.disconnect().catch(() => {});
      throw error;
    }
    this.#lastSignMs = machineClock.nowMs();
    if (this.#state === "starting" || this.#state === "restarting") this.#state = "reading";
    this.#restarts = 0;
    if (this.#state === "closed") await this.#leave();
  }

  /** Runs before anything of the new assignment is fetched. */
  #onJoin(consumer: Consumer, assignment: Readonly<Record<string, readonly number[]>>): void {
    const { next } = this.#deliveries;
    this.#consumer = consumer;
    this.#assigned = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    consumer.pause(this.#assigned.filter((at) => this.#deliveries.isPaused(at)).map(asKafkajs));
    if (this.#s.as.kind === "group") {
      next.clear();
      this.#commits.forget();
      this.#ready = this.#begin(consumer, this.#assigned);
      this.#ready.catch(() => {}); // whoever awaits it hears of it
      return;
    }
    for (const at of this.#assigned) consumer.seek({ ...at, offset: String(next.get(nameOf(at)) ?? 0n) });
  }

  /** A group's first position is committed before anything is read, so that it is the same one after a crash. */
  async #begin(consumer: Consumer, assigned: readonly TopicPartition[]): Promise<void> {
    const positions = await beginGroup(this.#o.client, this.#groupId, assigned, this.#s.from);
    for (const { offset, ...at } of positions) this.#deliveries.next.set(nameOf(at), offset);
    const fresh = positions.filter(({ isNew }) => isNew);
    for (const { topic, partition, offset, isLost } of fresh) {
      if (isLost) this.#deliveries.reportLoss({ topic, partition }, offset, "what came");
      consumer.seek({ topic, partition, offset: String(offset) });
    }
    await consumer.commitOffsets(fresh.map(asCommit));
  }

  async #commit(positions: readonly Position[]): Promise<void> {
    await this.#consumer?.commitOffsets(positions.map(asCommit));
  }

  async #findPositions(): Promise<void> {
    const { next } = this.#deliveries;
    for (const topic of this.#s.topics)
      for (const [partition, offset] of await firstOffsets(this.#o.client, topic, this.#s.from))
        next.set(nameOf({ topic, partition }), offset);
    for (const at of this.#s.positions ?? []) next.set(nameOf(at), at.offset);
  }

  async #onBatch(payload: EachBatchPayload): Promise<void> {
    await this.#ready;
    await this.#deliveries.take(payload);
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

  /** Rule 4: its partitions go on elsewhere. */
  #giveUp(): void {
    if (this.#state === "closed") return;
    this.#state = "stuck";
    void this.#leave();
  }

  async #leave(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    this.#assigned = [];
    await consumer?.disconnect().catch(() => {}); // the broker notices by itself
  }

  /** A group that nobody will join again. Where this cannot be done, the broker removes it: it has no members and no offsets. */
  async #removeGroup(): Promise<void> {
    await ask(this.#o.client, (admin) => admin.deleteGroups([this.#groupId])).catch(() => {});
  }

  // ── health ──

  #onAnswer(apiName: string): void {
    const nowMs = machineClock.nowMs();
    if (apiName === "Fetch") this.#lastFetchMs = nowMs;
    // A consumer with nothing to fetch is heard by its heartbeats alone.
    const isIdle = this.#assigned.every((at) => this.#deliveries.isPaused(at));
    if (apiName === "Fetch" || apiName === "JoinGroup" || isIdle) this.#lastSignMs = nowMs;
  }

  /** Not while a handler works, nor while the consumer is known to be down. */
  #isSilent(): boolean {
    if (this.#state !== "reading" || this.#deliveries.isWorking) return false;
    const lastMs = Math.max(this.#lastSignMs, this.#deliveries.lastAnswerMs);
    return machineClock.nowMs() - lastMs > Math.max(SILENT_MS, 3 * this.#s.maxProcessingMs);
  }

  get #heartbeatMs(): number {
    return Math.min(1_000, Math.floor(this.#o.sessionTimeoutMs / 4));
  }
}

function asCommit({ topic, partition, offset }: Position) {
  return { topic, partition, offset: String(offset) };
}

function asKafkajs({ topic, partition }: TopicPartition) {
  return { topic, partitions: [partition] };
}
