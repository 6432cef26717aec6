/** A KafkaBus for a test: topics and groups of its own on a broker that tests share, and a way to wait until it is quiet. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Harness } from "../conformance.ts";
import {
  type Bus,
  BusError,
  type Handler,
  type SubscribeOptions,
  type Subscription,
  type TopicPartition,
} from "../port.ts";
import { KafkaBus, type KafkaBusOptions } from "./bus.ts";
import type { Place } from "./deliveries.ts";

interface Heard {
  readonly error: unknown;
  readonly place: Place;
}

export interface KafkaRig extends Harness, AsyncDisposable {
  /** What onError was told. */
  readonly heard: readonly Heard[];
}

const QUIET_MS = 300;
const SETTLE_MS = 30_000;

export function kafkaRig(brokers: readonly string[], options: Partial<KafkaBusOptions> = {}): KafkaRig {
  const heard: Heard[] = [];
  const onError = (error: unknown, place: Place) => void heard.push({ error, place });
  const defaults = { clientId: "test", sessionTimeoutMs: 6_000, replicas: Math.min(3, brokers.length) };
  const bus = new KafkaBus({ brokers, ...defaults, onError, ...options });
  const close = () => bus.close(5_000);
  const prefix = `test-${randomUUID()}-`;
  return { ...watched(bus), prefix, heard, close, [Symbol.asyncDispose]: close };
}

/**
 * What is surely not written is tried again, as the outbox relay does: a broker may not know yet that it leads the partition of a topic
 * that was just made.
 */
async function insist<T>(publish: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + SETTLE_MS; ; await sleep(50)) {
    try {
      return await publish();
    } catch (error) {
      if (!(error instanceof BusError && error.kind === "retriable") || Date.now() > until) throw error;
    }
  }
}

interface Reader {
  readonly subscription: Subscription;
  readonly group: string;
}

/** The same bus, and a `settle` that knows what was published and what was answered for. */
function watched(bus: Bus): { bus: Bus; settle: () => Promise<void> } {
  const ends = new Map<string, bigint>();
  const next = new Map<string, bigint>();
  const paused = new Set<string>();
  const readers: Reader[] = [];
  let lastMs = Date.now();
  const nameOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;

  const publish: Bus["publish"] = async (records, options) => {
    const placed = await insist(() => bus.publish(records, options));
    for (const at of placed) ends.set(nameOf(at), at.offset + 1n);
    return placed;
  };
  const subscribe = async (options: SubscribeOptions, handler: Handler): Promise<Subscription> => {
    const group = options.as.kind === "group" ? options.as.name : randomUUID();
    const subscription = await bus.subscribe(options, async (batch, signal) => {
      lastMs = Date.now();
      const progress = await handler(batch, signal);
      next.set(`${group}:${nameOf(batch)}`, progress.through + 1n);
      lastMs = Date.now();
      return progress;
    });
    readers.push({ subscription, group });
    return wrapped(subscription, group);
  };
  const wrapped = (of: Subscription, group: string): Subscription => ({
    pause: (at) => {
      for (const one of at) paused.add(`${group}:${nameOf(one)}`);
      of.pause(at);
    },
    resume: (at) => {
      for (const one of at) paused.delete(`${group}:${nameOf(one)}`);
      of.resume(at);
    },
    seek: (at, offset) => {
      next.set(`${group}:${nameOf(at)}`, offset);
      of.seek(at, offset);
    },
    assigned: () => of.assigned(),
    health: () => of.health(),
    close: () => of.close(),
  });
  const isBehind = ({ subscription, group }: Reader) =>
    subscription.assigned().some((at) => {
      const name = `${group}:${nameOf(at)}`;
      return !paused.has(name) && (next.get(name) ?? 0n) < (ends.get(nameOf(at)) ?? 0n);
    });
  const settle = async () => {
    lastMs = Date.now();
    for (
      const until = Date.now() + SETTLE_MS;
      readers.some(isBehind) || Date.now() - lastMs < QUIET_MS;
      await sleep(20)
    )
      if (Date.now() > until) throw new Error(`not everything was delivered within ${SETTLE_MS} ms`);
  };
  const { ensureTopics, lag, close } = bus;
  const rest = { ensureTopics: ensureTopics.bind(bus), lag: lag.bind(bus), close: close.bind(bus) };
  return { bus: { publish, subscribe, ...rest }, settle };
}
