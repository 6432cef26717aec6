/**
 * The Bus port. Every adapter keeps these rules, and the conformance suite (`src/conformance.ts`) holds it to them:
 * 1. The partition is computed by the port (`partition.ts`), never by a client library, so a key keeps its partition for ever.
 * 2. Nothing is committed by itself: the handler answers with the last offset it has finished, after its own transaction.
 * 3. Records of one partition reach a subscription in order, at least once. Whoever acts on one guards against the second time.
 * 4. No transactions of the broker: exactly-once effects come from the inbox and the outbox.
 */

export interface OutRecord {
  readonly topic: string;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly headers: Headers;
}

/** Header values are lists, as Kafka has them. */
export type Headers = Readonly<Record<string, readonly Uint8Array[]>>;

export interface Placed {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface Delivered extends OutRecord, Placed {
  /** When the broker took it, ms; never part of a decision. */
  readonly timestampMs: number;
}

/** Records of one topic and partition, in order. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly Delivered[];
}

export interface SubscribeOptions {
  readonly topics: readonly string[];
  /** `group`: the members of one name share the partitions. `every`: this subscription reads everything, whoever else reads. */
  readonly as: { readonly kind: "group" | "every"; readonly name: string };
  /** Where a group without a committed offset, or an `every` subscription, begins. */
  readonly from: "earliest" | "latest";
  /** Of an `every` subscription: the first offset wanted of these partitions, as a snapshot knows it. */
  readonly positions?: readonly Position[];
  /** Fetched and not yet answered for; nothing more is fetched beyond it. */
  readonly maxInFlightBytes: number;
  /** For one answer of the handler, ms: then its signal is aborted, and a handler that goes on nevertheless is stuck. */
  readonly maxProcessingMs: number;
}

export interface Progress {
  /** The last offset of the batch that is finished; the next delivery begins behind it. */
  readonly through: bigint;
}

/** May answer at once: folding a quote must not cost a turn of the event loop. */
export type Handler = (batch: Batch, signal: AbortSignal) => Progress | Promise<Progress>;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Where a reader is: the offset that comes next. */
export interface Position extends TopicPartition {
  readonly offset: bigint;
}

export interface Subscription {
  pause(at: readonly TopicPartition[]): void;
  resume(at: readonly TopicPartition[]): void;
  seek(at: TopicPartition, offset: bigint): void;
  assigned(): readonly TopicPartition[];
  health(): Health;
  /** Leaves the group; what was delivered and not finished goes to the next member. */
  close(): Promise<void>;
}

/** Liveness is progress: a heartbeat alone says nothing. Times are of the adapter's own clock. */
export interface Health {
  readonly lastDeliveryMs: number | undefined;
  /** When the broker last answered with records, or that there are none. */
  readonly lastFetchMs: number | undefined;
  readonly paused: number;
  readonly inFlightBytes: number;
  /** A handler is past its deadline, or the broker fell silent: this process should end, and another take over. */
  readonly stuck: boolean;
}

export interface TopicConfig {
  readonly topic: string;
  readonly partitions: number;
  /** How long a record is kept, ms; the broker's own default if missing. */
  readonly retentionMs?: number;
}

export interface Lag extends TopicPartition {
  readonly records: bigint;
}

export interface Bus {
  /** @throws BusError; after `unknown-outcome` the records may or may not be there: publish the same bytes again. */
  publish(records: readonly OutRecord[], options: { readonly timeoutMs: number }): Promise<readonly Placed[]>;
  subscribe(options: SubscribeOptions, handler: Handler): Promise<Subscription>;
  /** Creates what is missing. @throws BusError TOPIC_MISMATCH where one exists that is not as asked. */
  ensureTopics(topics: readonly TopicConfig[]): Promise<void>;
  lag(name: string): Promise<readonly Lag[]>;
  close(drainMs: number): Promise<void>;
}

export type BusErrorCode =
  | "UNKNOWN_TOPIC"
  | "TOPIC_MISMATCH" // it exists with other partitions, replicas or retention
  | "CLOSED"
  | "TIMEOUT"
  | "UNREACHABLE"
  | "REFUSED" // by the broker, and it would be again: too large, not allowed
  | "BAD_OFFSET"
  | "RECORDS_LOST" // the broker let go of records before they were read here
  | "STUCK"; // a handler did not answer within its deadline

export class BusError extends Error {
  readonly kind: "retriable" | "fatal" | "unknown-outcome";
  readonly code: BusErrorCode;

  constructor(kind: BusError["kind"], code: BusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "BusError";
    this.kind = kind;
    this.code = code;
  }
}
