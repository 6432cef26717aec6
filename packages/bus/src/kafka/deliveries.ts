/** Hands a consumer's batches to its handler, partition by partition, and says what was answered for: rules 2 and 4. */
import { machineClock } from "@countersign/time";
import type { EachBatchPayload } from "kafkajs";
import { BusError, type Delivered, type Handler, type TopicPartition } from "../port.ts";
import { Delivery, delivered, sizeOf } from "./delivery.ts";
import type { OffsetCommits } from "./offset-commits.ts";

/** Where it happened; the offset is that of the first record handed over. */
export interface Place extends Partial<TopicPartition> {
  readonly subscription: string;
  readonly offset?: bigint;
  /** How often these records have failed in a row. */
  readonly attempt?: number;
}

export interface DeliveriesOptions {
  /** Of the subscription. */
  readonly name: string;
  readonly handler: Handler;
  readonly maxProcessingMs: number;
  readonly heartbeatMs: number;
  /** Undefined for an `every` subscription, which keeps its own position. */
  readonly commits: OffsetCommits | undefined;
  readonly isOpen: () => boolean;
  /** Stops and continues the fetching of one partition. */
  readonly pause: (at: TopicPartition) => void;
  readonly resume: (at: TopicPartition) => void;
  readonly onError: (error: unknown, place: Place) => void;
  readonly onStuck: () => void;
}

const MAX_BATCH_RECORDS = 500; // so that a deadline, a pause and a rebalance have something to stand between
const BACKOFF_MS = { first: 100, most: 10_000 };

export class Deliveries {
  /** The offset that comes next, by partition. */
  readonly next = new Map<string, bigint>();
  readonly #o: DeliveriesOptions;
  readonly #paused = new Set<string>();
  readonly #backingOff = new Map<string, NodeJS.Timeout>();
  readonly #attempts = new Map<string, number>();
  readonly #running = new Map<string, Delivery>();
  #inFlightBytes = 0;
  #lastDeliveryMs: number | undefined;
  #lastAnswerMs = 0;

  constructor(options: DeliveriesOptions) {
    this.#o = options;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  get lastDeliveryMs(): number | undefined {
    return this.#lastDeliveryMs;
  }

  /** When a handler last answered. */
  get lastAnswerMs(): number {
    return this.#lastAnswerMs;
  }

  get isWorking(): boolean {
    return this.#running.size > 0;
  }

  get isLate(): boolean {
    return [...this.#running.values()].some((delivery) => delivery.isLate);
  }

  pause(at: TopicPartition): void {
    this.#paused.add(nameOf(at));
    this.#o.pause(at);
  }

  resume(at: TopicPartition): void {
    this.#paused.delete(nameOf(at));
    if (!this.isPaused(at)) this.#o.resume(at);
  }

  /** By whoever subscribed, or after an error of the handler. */
  isPaused(at: TopicPartition): boolean {
    return this.#paused.has(nameOf(at)) || this.#backingOff.has(nameOf(at));
  }

  /** Tells the running handlers to end. */
  abort(): void {
    for (const delivery of this.#running.values()) delivery.abort();
  }

  close(): void {
    for (const timer of this.#backingOff.values()) clearTimeout(timer);
    this.#backingOff.clear();
  }

  /** One partition's part of a fetch. Returns when it is answered for, or when the rest has to be fetched again. */
  async take({ batch, heartbeat, resolveOffset, isRunning, isStale }: EachBatchPayload) {
    const { topic, partition } = batch;
    const at = { topic, partition };
    const records = batch.messages.map((message) => delivered(topic, partition, message));
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
    let isRebalancing = false;
    const beating = setInterval(() => {
      heartbeat().catch(() => {
        isRebalancing = true; // kafkajs asks again when this returns, and then joins
      });
    }, this.#o.heartbeatMs);
    this.#inFlightBytes += bytes;
    try {
      if (!isStale()) this.#noteGap(records, at);
      for (let done = 0; done < records.length; ) {
        const isWanted = this.#o.isOpen() && isRunning() && !isStale() && !isRebalancing && !this.isPaused(at);
        if (!isWanted || this.#running.has(nameOf(at))) return;
        const through = await this.#handOver(at, records.slice(done, done + MAX_BATCH_RECORDS));
        if (through === undefined) return;
        if (isStale()) return;
        await this.#o.commits?.answered(at, through + 1n);
        resolveOffset(String(through));
        this.next.set(nameOf(at), through + 1n);
        while (done < records.length && records[done]!.offset <= through) done++;
      }
    } finally {
      clearInterval(beating);
      this.#inFlightBytes -= bytes;
    }
  }

  /** Retention took records that nobody has read, or a leader was elected that did not have them. */
  reportLoss({ topic, partition }: TopicPartition, offset: bigint, what: string): void {
    const lost = `${what} before ${offset} of ${topic}/${partition} can no longer be read`;
    const place = { subscription: this.#o.name, topic, partition, offset };
    this.#o.onError(new BusError("fatal", "RECORDS_LOST", lost), place);
  }

  /** Undefined when the records are to come again. */
  async #handOver(at: TopicPartition, records: readonly Delivered[]): Promise<bigint | undefined> {
    const name = nameOf(at);
    const delivery = new Delivery();
    this.#running.set(name, delivery);
    this.#lastDeliveryMs = machineClock.nowMs();
    try {
      const through = await delivery.run(this.#o.handler, { ...at, records }, this.#o.maxProcessingMs);
      this.#running.delete(name);
      this.#attempts.delete(name);
      return through;
    } catch (error) {
      const attempt = (this.#attempts.get(name) ?? 0) + 1;
      this.#attempts.set(name, attempt);
      if (error instanceof BusError && error.code === "STUCK") {
        this.abort();
        this.#o.onStuck();
      } else {
        this.#running.delete(name);
        this.#backOff(at, attempt);
      }
      this.#o.onError(error, { subscription: this.#o.name, ...at, offset: records[0]!.offset, attempt });
      return undefined;
    } finally {
      this.#lastAnswerMs = machineClock.nowMs();
    }
  }

  #backOff(at: TopicPartition, attempt: number): void {
    if (!this.#o.isOpen()) return;
    this.#o.pause(at);
    const end = () => {
      this.#backingOff.delete(nameOf(at));
      if (!this.isPaused(at)) this.#o.resume(at);
    };
    const waitMs = Math.min(BACKOFF_MS.first * 2 ** (attempt - 1), BACKOFF_MS.most);
    this.#backingOff.set(nameOf(at), setTimeout(end, waitMs));
  }

  #noteGap(records: readonly Delivered[], at: TopicPartition): void {
    const [expected, first] = [this.next.get(nameOf(at)), records[0]];
    if (first === undefined || expected === undefined || first.offset <= expected) return;
    this.reportLoss(at, first.offset, `${first.offset - expected} records`);
  }
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
