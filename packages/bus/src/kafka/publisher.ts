/**
 * Writes records, one request per broker at a time: what is published while one is under way goes with the next. That keeps the order
 * of each partition without the idempotent producer, and makes batches where there is much to write.
 */
import type { Message, Producer, RecordMetadata, TopicMessages } from "kafkajs";
import { BusError, type OutRecord, type Placed } from "../port.ts";
import { type ClientOptions, connect } from "./client.ts";
import { busError } from "./errors.ts";

export interface Addressed extends OutRecord {
  readonly partition: number;
}

/** One call of publish. */
interface Waiting {
  readonly records: readonly Addressed[];
  readonly placed: Placed[];
  isSent: boolean;
  resolve(placed: readonly Placed[]): void;
  reject(error: BusError): void;
}

/** A batch of a partition may have 1 MB (the broker's message.max.bytes); headers and varints of small records are the rest. */
const MAX_BYTES = 700_000;
// kafkajs copies a partition's records once more for each that it adds.
const MAX_RECORDS = 1_000;
const WRITE_MS = 5_000;

export class Publisher {
  readonly #producer: Producer;
  #connected: Promise<void> | undefined;
  #queue: Waiting[] = [];
  #pumping: Promise<void> | undefined;

  constructor(client: ClientOptions) {
    this.#producer = connect(client).producer({
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      createPartitioner: () => partitionOfMessage,
      // Whoever publishes tries again. Besides, kafkajs's second try leaves out a partition whose leader has moved to a broker that
      // had answered already, and says nothing.
      retry: { retries: 0 },
    });
  }

  /** @throws BusError; its kind says whether the records may be there. */
  publish(records: readonly Addressed[], timeoutMs: number): Promise<readonly Placed[]> {
    if (records.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const end =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          settle(value);
        };
      const waiting: Waiting = { records, placed: [], isSent: false, resolve: end(resolve), reject: end(reject) };
      const timer = setTimeout(() => this.#giveUp(waiting, timeoutMs), timeoutMs);
      this.#queue.push(waiting);
      this.#pumping ??= this.#pump();
    });
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#pumping;
    await this.#producer.disconnect().catch(() => {}); // there is nothing left to lose
  }

  #giveUp(waiting: Waiting, timeoutMs: number): void {
    this.#queue = this.#queue.filter((one) => one !== waiting);
    const kind = waiting.isSent ? "unknown-outcome" : "retriable";
    waiting.reject(new BusError(kind, "TIMEOUT", `no acknowledgement within ${timeoutMs} ms`));
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0) await this.#send(this.#next());
    this.#pumping = undefined;
  }

  /** As many calls as fit into one request; at least one, which then may take several. */
  #next(): Waiting[] {
    let bytes = 0;
    let records = 0;
    const end = this.#queue.findIndex((one) => {
      bytes += sizeOf(one.records);
      records += one.records.length;
      return bytes > MAX_BYTES || records > MAX_RECORDS;
    });
    const taken = this.#queue.splice(0, end === -1 ? this.#queue.length : Math.max(end, 1));
    for (const one of taken) one.isSent = true;
    return taken;
  }

  async #send(calls: readonly Waiting[]): Promise<void> {
    try {
      for (const part of parts(calls.flatMap((call) => call.records.map((record) => ({ record, call })))))
        await this.#sendPart(part);
      for (const call of calls) call.resolve(call.placed);
    } catch (error) {
      const failure = busError(error, "publish");
      // One call's bad record is no reason to refuse the others.
      if (failure.kind === "fatal" && calls.length > 1) for (const call of calls) await this.#send([fresh(call)]);
      else for (const call of calls) call.reject(this.#honest(failure, calls));
    }
  }

  async #sendPart(part: readonly { readonly record: Addressed; readonly call: Waiting }[]): Promise<void> {
    await this.#connect();
    const topicMessages = byTopic(part.map(({ record }) => record));
    const answer = await this.#producer.sendBatch({ acks: -1, timeout: WRITE_MS, topicMessages });
    const next = firstOffsets(answer);
    for (const { record, call } of part) {
      const at = `${record.topic}/${record.partition}`;
      const offset = next.get(at);
      if (offset === undefined)
        throw new BusError("unknown-outcome", "UNREACHABLE", `publish: the broker did not answer for ${at}`);
      next.set(at, offset + 1n);
      call.placed.push({ topic: record.topic, partition: record.partition, offset });
    }
  }

  #connect(): Promise<void> {
    this.#connected ??= this.#producer.connect().catch((error: unknown) => {
      this.#connected = undefined;
      throw error;
    });
    return this.#connected;
  }

  /** A failure of one partition says nothing of the others of the request. */
  #honest(failure: BusError, calls: readonly Waiting[]): BusError {
    const isOne = new Set(calls.flatMap(({ records }) => records.map((r) => `${r.topic}/${r.partition}`))).size === 1;
    if (failure.kind !== "retriable" || isOne) return failure;
    return new BusError("unknown-outcome", failure.code, failure.message, { cause: failure });
  }
}

function partitionOfMessage({ message }: { message: Message }): number {
  if (message.partition === undefined) throw new Error("broken invariant: the port computes the partition");
  return message.partition;
}

function fresh(call: Waiting): Waiting {
  call.placed.length = 0;
  return call;
}

function parts<T extends { readonly record: Addressed }>(all: readonly T[]): T[][] {
  const found: T[][] = [[]];
  let bytes = 0;
  for (const one of all) {
    const size = sizeOf([one.record]);
    if (found.at(-1)!.length === MAX_RECORDS || (bytes + size > MAX_BYTES && bytes > 0)) {
      found.push([]);
      bytes = 0;
    }
    found.at(-1)!.push(one);
    bytes += size;
  }
  return found;
}

function sizeOf(records: readonly OutRecord[]): number {
  let bytes = 0;
  for (const { key, value, headers } of records) {
    bytes += key.length + value.length;
    for (const [name, values] of Object.entries(headers)) for (const one of values) bytes += name.length + one.length;
  }
  return bytes;
}

function byTopic(records: readonly Addressed[]): TopicMessages[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, partition, key, value, headers } of records) {
    const messages = topics.get(topic) ?? [];
    topics.set(topic, messages);
    messages.push({ partition, key: buffer(key), value: buffer(value), headers: headersOf(headers) });
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

function headersOf(headers: OutRecord["headers"]): Record<string, Buffer[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.map(buffer)]));
}

/** The same bytes, as kafkajs wants them. */
function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function firstOffsets(answer: readonly RecordMetadata[]): Map<string, bigint> {
  return new Map(
    answer.map(({ topicName, partition, baseOffset }) => [`${topicName}/${partition}`, BigInt(baseOffset!)]),
  );
}
