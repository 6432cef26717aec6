/** Groups and their members: who reads which partition, and how far everybody is. */
import type { Clock } from "@countersign/time";
import { BusError, type Handler, type Health, type Subscription, type TopicPartition } from "../port.ts";
import type { PartitionLog } from "./log.ts";

/** Where a group is in one partition. */
interface Cursor extends TopicPartition {
  offset: number;
}

/** The committed offsets of one group; they outlive its members, as a broker's do. */
export class Group {
  readonly name: string;
  readonly #members: Member[] = [];
  readonly #cursors = new Map<string, Cursor>();

  constructor(name: string) {
    this.name = name;
  }

  join(member: Member): void {
    this.#members.push(member);
    this.#rebalance();
  }

  leave(member: Member): void {
    this.#members.splice(this.#members.indexOf(member), 1);
    this.#rebalance();
  }

  /** The cursor of a partition; a group that has none begins at `first`. */
  cursor(topic: string, partition: number, first: number): Cursor {
    const at = `${topic}/${partition}`;
    const cursor = this.#cursors.get(at) ?? { topic, partition, offset: first };
    this.#cursors.set(at, cursor);
    return cursor;
  }

  positions(): readonly (TopicPartition & { readonly offset: number })[] {
    return [...this.#cursors.values()];
  }

  /** Partitions go round the members in the order they joined. */
  #rebalance(): void {
    for (const [n, member] of this.#members.entries())
      member.assign((partition) => partition % this.#members.length === n);
  }
}

interface Assigned {
  readonly cursor: Cursor;
  paused: boolean;
}

export class Member implements Subscription {
  readonly #group: Group;
  readonly #topics: readonly { readonly topic: string; readonly logs: readonly PartitionLog[] }[];
  readonly #from: "earliest" | "latest";
  readonly #handler: Handler;
  readonly #clock: Clock;
  readonly #pumpLater: (topic: string, partition: number) => void;
  readonly #onClose: () => void;
  readonly #abort = new AbortController();
  readonly #assigned = new Map<PartitionLog, Assigned>();
  #lastDeliveryMs: number | undefined;

  constructor(
    group: Group,
    topics: readonly { readonly topic: string; readonly logs: readonly PartitionLog[] }[],
    from: "earliest" | "latest",
    handler: Handler,
    clock: Clock,
    pumpLater: (topic: string, partition: number) => void,
    onClose: () => void,
  ) {
    this.#group = group;
    this.#topics = topics;
    this.#from = from;
    this.#handler = handler;
    this.#clock = clock;
    this.#pumpLater = pumpLater;
    this.#onClose = onClose;
  }

  assign(mine: (partition: number) => boolean): void {
    this.#assigned.clear();
    for (const { topic, logs } of this.#topics) {
      for (const [partition, log] of logs.entries()) {
        if (!mine(partition)) continue;
        const first = this.#from === "earliest" ? log.start : log.end;
        const cursor = this.#group.cursor(topic, partition, first);
        cursor.offset = Math.max(cursor.offset, log.start);
        this.#assigned.set(log, { cursor, paused: false });
        if (cursor.offset < log.end) this.#pumpLater(topic, partition);
      }
    }
  }

  /** Delivers what lies between this member's position and `end`; answers at once when the handler does. */
  pump(log: PartitionLog, end: number): void | Promise<void> {
    const at = this.#assigned.get(log);
    if (at === undefined || at.paused) return;
    while (at.cursor.offset < end) {
      const progress = this.#handOver(log, at);
      if (progress instanceof Promise) return this.#pumpRest(log, at, end, progress);
      this.#advance(at, progress.through);
      if (at.paused) return;
    }
  }

  async #pumpRest(log: PartitionLog, at: Assigned, end: number, running: Promise<{ through: bigint }>): Promise<void> {
    this.#advance(at, (await running).through);
    while (at.cursor.offset < end && !at.paused && !this.#abort.signal.aborted) {
      this.#advance(at, (await this.#handOver(log, at)).through);
    }
  }

  #handOver(log: PartitionLog, at: Assigned) {
    this.#lastDeliveryMs = this.#clock.nowMs();
    const records = [log.at(at.cursor.offset)];
    return this.#handler({ topic: at.cursor.topic, partition: at.cursor.partition, records }, this.#abort.signal);
  }

  #advance(at: Assigned, through: bigint): void {
    const next = Number(through) + 1;
    if (next <= at.cursor.offset)
      throw new BusError("fatal", "BAD_OFFSET", `the handler of ${this.#group.name} went back to ${through}`);
    at.cursor.offset = next;
  }

  positionOf(topic: string, partition: number): number | undefined {
    return this.#find({ topic, partition })?.cursor.offset;
  }

  pause(at: readonly TopicPartition[]): void {
    for (const one of at) {
      const found = this.#find(one);
      if (found !== undefined) found.paused = true;
    }
  }

  resume(at: readonly TopicPartition[]): void {
    for (const one of at) {
      const found = this.#find(one);
      if (found === undefined) continue;
      found.paused = false;
      this.#pumpLater(one.topic, one.partition);
    }
  }

  seek(at: TopicPartition, offset: bigint): void {
    const found = this.#find(at);
    if (found === undefined)
      throw new BusError("fatal", "BAD_OFFSET", `${at.topic}/${at.partition} is not assigned here`);
    found.cursor.offset = Number(offset);
    this.#pumpLater(at.topic, at.partition);
  }

  assigned(): readonly TopicPartition[] {
    return [...this.#assigned.values()].map(({ cursor: { topic, partition } }) => ({ topic, partition }));
  }

  /** Whoever drives the scheduler sees a handler that hangs; there is nobody here to be silent. */
  health(): Health {
    return {
      lastDeliveryMs: this.#lastDeliveryMs,
      lastFetchMs: this.#lastDeliveryMs,
      paused: [...this.#assigned.values()].filter((at) => at.paused).length,
      inFlightBytes: 0,
      stuck: false,
    };
  }

  async close(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#onClose();
    this.#assigned.clear();
    this.#group.leave(this);
  }

  #find(at: TopicPartition): Assigned | undefined {
    for (const one of this.#assigned.values()) {
      if (one.cursor.topic === at.topic && one.cursor.partition === at.partition) return one;
    }
    return undefined;
  }
}
