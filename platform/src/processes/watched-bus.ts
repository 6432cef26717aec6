/**
 * The bus of a process as it is watched: every record that goes out is a span and a count, every one that comes in is lag, and every
 * subscription's health is known to the probes. What it carries, and when, stays as it is.
 */
import { fromBinary } from "@bufbuild/protobuf";
import type {
  Batch,
  Bus,
  Handler,
  Health,
  OutRecord,
  Placed,
  Progress,
  SubscribeOptions,
  Subscription,
  TopicConfig,
} from "@countersign/bus";
import { BodySchema, SignedSchema } from "@countersign/contracts";
import type { About, Probe } from "@countersign/telemetry";

export interface WatchedBusOptions {
  readonly bus: Bus;
  readonly probe: Probe;
  /** Whether spans are wanted now: else no envelope is looked into. */
  readonly isTraced: () => boolean;
}

/** A consumer that has not heard a broker for so long has lost it; it asks four times a second. */
const AWAY_MS = 15_000;

export class WatchedBus implements Bus {
  readonly #o: WatchedBusOptions;
  readonly #subscriptions: { readonly kind: "group" | "every"; readonly subscription: Subscription }[] = [];
  readonly #newestMs = new Map<string, number>();
  readonly #dead = new Map<string, number>();
  readonly #listeners = new Map<string, (value: Uint8Array) => void>();

  constructor(options: WatchedBusOptions) {
    this.#o = options;
  }

  async publish(records: readonly OutRecord[], options: { readonly timeoutMs: number }): Promise<readonly Placed[]> {
    const { bus, probe } = this.#o;
    const begun = performance.now();
    const works = this.#o.isTraced() ? records.map((record) => this.#begin(record)) : [];
    const carrying = works.length === 0 ? records : records.map((record, n) => withTrace(record, works[n]));
    try {
      const placed = await bus.publish(carrying, options);
      const seconds = (performance.now() - begun) / 1_000;
      for (const { topic, value } of records) {
        probe.step("publish", seconds);
        probe.published(topic);
        this.#listeners.get(topic)?.(value);
      }
      for (const { topic, offset } of placed) if (topic.endsWith(".dlq")) this.#dead.set(topic, Number(offset) + 1);
      for (const work of works) work?.end();
      return placed;
    } catch (error) {
      for (const work of works) work?.end(codeOf(error));
      throw error;
    }
  }

  async subscribe(options: SubscribeOptions, handler: Handler): Promise<Subscription> {
    const watched: Handler = (batch, signal) => this.#hand(batch, handler(this.#taken(batch), signal));
    const subscription = await this.#o.bus.subscribe(options, watched);
    this.#subscriptions.push({ kind: options.as.kind, subscription });
    return subscription;
  }

  ensureTopics(topics: readonly TopicConfig[]): Promise<void> {
    return this.#o.bus.ensureTopics(topics);
  }

  lag(name: string): ReturnType<Bus["lag"]> {
    return this.#o.bus.lag(name);
  }

  close(drainMs: number): Promise<void> {
    return this.#o.bus.close(drainMs);
  }

  /** A handler hangs, or the broker fell silent: only a new process helps. */
  get isStuck(): boolean {
    return this.#healths().some(({ health }) => health.stuck);
  }

  /** No broker was heard for a while, by those who read whole topics: a member of a group may have nothing to read. */
  isAway(nowMs: number): boolean {
    const whole = this.#healths().filter(({ kind }) => kind === "every");
    return whole.some(({ health, partitions }) => partitions === 0 || nowMs - newest(health) > AWAY_MS);
  }

  get inflightBytes(): number {
    return this.#healths().reduce((sum, { health }) => sum + health.inFlightBytes, 0);
  }

  /** The broker's time of the newest record of this topic that came here, ms; undefined before the first. */
  newestMs(topic: string): number | undefined {
    return this.#newestMs.get(topic);
  }

  /** Records in dead letter queues, as far as they are known: by what was put there, and by `foundDead`. */
  get dead(): ReadonlyMap<string, number> {
    return this.#dead;
  }

  /** Called for each record of this topic that this process has brought to the bus. */
  onPublished(topic: string, listener: (value: Uint8Array) => void): void {
    this.#listeners.set(topic, listener);
  }

  /** What the broker says of a queue. */
  foundDead(topic: string, records: number): void {
    this.#dead.set(topic, records);
  }

  #taken(batch: Batch): Batch {
    const { topic, partition, records } = batch;
    const [oldest] = records;
    if (oldest === undefined) return batch;
    this.#o.probe.delivered(topic, partition, oldest.timestampMs, 0, records.length);
    this.#newestMs.set(topic, records.at(-1)!.timestampMs);
    return batch;
  }

  /** What a handler throws comes again, and stays in hand. */
  #hand({ topic, partition }: Batch, answer: Progress | Promise<Progress>): Progress | Promise<Progress> {
    const handled = (progress: Progress) => {
      this.#o.probe.handled(topic, partition);
      return progress;
    };
    return answer instanceof Promise ? answer.then(handled) : handled(answer);
  }

  #begin({ topic, value }: OutRecord) {
    const about = aboutEnvelope(value);
    return about && this.#o.probe.begin("publish", { name: topic, ...about });
  }

  #healths() {
    return this.#subscriptions.map(({ kind, subscription }) => {
      return { kind, health: subscription.health(), partitions: subscription.assigned().length };
    });
  }
}

/** What an envelope says of its place in a trace, unverified; undefined for what is none. */
export function aboutEnvelope(bytes: Uint8Array): Omit<About, "name"> | undefined {
  try {
    const { payload } = fromBinary(SignedSchema, bytes);
    const { msgId, correlationId, causationId } = fromBinary(BodySchema, payload ?? new Uint8Array());
    return msgId === undefined || correlationId === undefined ? undefined : { msgId, correlationId, causationId };
  } catch {
    return undefined;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "FAILED";
}

function withTrace(record: OutRecord, work: { traceparent(): string | undefined } | undefined): OutRecord {
  const traceparent = work?.traceparent();
  if (traceparent === undefined) return record;
  return { ...record, headers: { ...record.headers, traceparent: [Buffer.from(traceparent)] } };
}

function newest({ lastFetchMs = 0, lastDeliveryMs = 0 }: Health): number {
  return Math.max(lastFetchMs, lastDeliveryMs);
}
