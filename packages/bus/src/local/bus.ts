/**
 * The Bus in one process, driven by the scheduler: a record is delivered to its subscriptions one after the other, in the order they
 * subscribed, each handler awaited, and records in the order they were published. Nothing here outlives the process: what must, is in
 * the outboxes of those who publish.
 *
 * A handler that throws stops the scheduler's step, and with it the process; its record is not committed and the next member gets it.
 */
import type { Scheduler } from "@countersign/time";
import { partitionOf } from "../partition.ts";
import {
  type Bus,
  BusError,
  type Delivered,
  type Handler,
  type Lag,
  type OutRecord,
  type Placed,
  type SubscribeOptions,
  type Subscription,
  type TopicConfig,
} from "../port.ts";
import { Group, Member } from "./group.ts";
import { PartitionLog } from "./log.ts";

interface Topic {
  readonly partitions: readonly PartitionLog[];
  readonly members: Member[];
}

export interface LocalBusOptions {
  /** Records kept per partition after everybody has read them, for those who subscribe late. */
  readonly retainedRecords?: number;
}

export class LocalBus implements Bus {
  readonly #scheduler: Scheduler;
  readonly #retained: number;
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, Group>();
  #closed = false;
  #everyCount = 0;

  constructor(scheduler: Scheduler, options: LocalBusOptions = {}) {
    this.#scheduler = scheduler;
    this.#retained = options.retainedRecords ?? 1_000;
  }

  async ensureTopics(topics: readonly TopicConfig[]): Promise<void> {
    for (const { topic, partitions } of topics) {
      if (this.#topics.has(topic)) continue;
      const logs = Array.from({ length: partitions }, () => new PartitionLog(this.#retained));
      this.#topics.set(topic, { partitions: logs, members: [] });
    }
  }

  async publish(records: readonly OutRecord[], _options: { readonly timeoutMs: number }): Promise<readonly Placed[]> {
    return records.map((record) => this.publishNow(record));
  }

  /** As publish, for the one writer that must not wait a turn of the event loop per record: the replay of a trace. */
  publishNow(record: OutRecord): Placed {
    if (this.#closed) throw new BusError("fatal", "CLOSED", "the bus is closed");
    const topic = this.#topic(record.topic);
    const partition = partitionOf(record.key, topic.partitions.length);
    const log = topic.partitions[partition]!;
    const offset = log.end;
    const { key, value, headers } = record;
    const timestampMs = this.#scheduler.nowMs();
    log.append({ topic: record.topic, partition, offset: BigInt(offset), key, value, headers, timestampMs });
    this.#scheduler.post(() => this.#deliver(topic, partition, offset + 1));
    return { topic: record.topic, partition, offset: BigInt(offset) };
  }

  async subscribe(options: SubscribeOptions, handler: Handler): Promise<Subscription> {
    const { kind, name } = options.as;
    const groupName = kind === "group" ? name : `${name}#${this.#everyCount++}`;
    const topics = options.topics.map((topic) => ({ topic, logs: this.#topic(topic).partitions }));
    let group = this.#groups.get(groupName);
    if (group === undefined) {
      group = new Group(groupName);
      this.#groups.set(groupName, group);
    }
    const pump = (topic: string, partition: number) => {
      const of = this.#topic(topic);
      this.#scheduler.post(() => this.#deliver(of, partition, of.partitions[partition]!.end));
    };
    const member = new Member(group, topics, options.from, handler, this.#scheduler, pump, () => {
      for (const { topic } of topics) {
        const members = this.#topic(topic).members;
        members.splice(members.indexOf(member), 1);
      }
    });
    for (const { topic } of topics) this.#topic(topic).members.push(member);
    group.join(member);
    for (const { offset, ...at } of options.positions ?? []) member.seek(at, offset);
    return member;
  }

  async lag(name: string): Promise<readonly Lag[]> {
    const group = this.#groups.get(name);
    if (group === undefined) return [];
    return group.positions().map(({ topic, partition, offset }) => ({
      topic,
      partition,
      records: BigInt(this.#topic(topic).partitions[partition]!.end - offset),
    }));
  }

  async close(_drainMs: number): Promise<void> {
    this.#closed = true;
    for (const topic of this.#topics.values()) for (const member of [...topic.members]) await member.close();
  }

  /** Brings every subscription of this partition up to `end`, one after the other. */
  #deliver(topic: Topic, partition: number, end: number): void | Promise<void> {
    const log = topic.partitions[partition]!;
    for (let n = 0; n < topic.members.length; n++) {
      const running = topic.members[n]!.pump(log, end);
      if (running !== undefined) return this.#deliverRest(topic, log, partition, end, n, running);
    }
    this.#trim(topic, log, partition);
  }

  async #deliverRest(
    topic: Topic,
    log: PartitionLog,
    partition: number,
    end: number,
    from: number,
    running: Promise<void>,
  ): Promise<void> {
    await running;
    for (let n = from + 1; n < topic.members.length; n++) {
      const next = topic.members[n]!.pump(log, end);
      if (next !== undefined) await next;
    }
    this.#trim(topic, log, partition);
  }

  #trim(topic: Topic, log: PartitionLog, partition: number): void {
    if (log.end - log.start < 2 * this.#retained) return;
    let passed = log.end;
    const oldest: Delivered = log.at(log.start);
    for (const member of topic.members) passed = Math.min(passed, member.positionOf(oldest.topic, partition) ?? passed);
    log.trim(passed);
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined)
      throw new BusError("fatal", "UNKNOWN_TOPIC", `topic ${name} does not exist: ensureTopics first`);
    return topic;
  }
}
