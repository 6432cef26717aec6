/** Reading a topic as far as it goes now, and then being done: for whoever follows nothing, such as an operator's command. */
import { setTimeout as wait } from "node:timers/promises";
import { type Bus, BusError, type Delivered } from "@countersign/bus";
import { type ClientOptions, KafkaBus } from "@countersign/bus/kafka";
import { topicEnds } from "@countersign/bus/kafka/look";

type Take = (records: readonly Delivered[]) => void | Promise<void>;

/**
 * Hands over every record that is there now, partition by partition in order. The reader leaves nothing behind on the brokers.
 * @param reader its group, as the brokers may know it by its beginning
 * @throws BusError, and TIMEOUT when nothing came for half a minute; what `take` throws
 */
export async function readThroughout(
  bus: Bus,
  client: ClientOptions,
  topic: string,
  take: Take,
  reader = groupOfDesk(client.clientId),
): Promise<void> {
  const [ends = []] = await topicEnds(client, [topic]);
  const left = new Map(ends.filter(({ low, high }) => low < high).map(({ partition, high }) => [partition, high]));
  if (left.size === 0) return;
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  done.catch(() => {}); // it may fail before anybody waits for it
  let lastMs = performance.now();
  const as = { kind: "every", name: reader } as const;
  const options = {
    topics: [topic],
    as,
    from: "earliest",
    maxInFlightBytes: 4_000_000,
    maxProcessingMs: 120_000,
  } as const;
  const subscription = await bus.subscribe(options, async ({ partition, records }) => {
    const through = records.at(-1)!.offset;
    const end = left.get(partition);
    if (end === undefined) return { through };
    try {
      await take(records.filter(({ offset }) => offset < end));
    } catch (error) {
      left.clear(); // the bus would bring them again
      reject(error);
      return { through };
    }
    lastMs = performance.now();
    if (through + 1n >= end) left.delete(partition);
    if (left.size === 0) resolve();
    return { through };
  });
  const given = new AbortController();
  const watching = watch(() => lastMs, given.signal).catch(() => {});
  try {
    await Promise.race([done, watching.then(() => Promise.reject(silent(topic)))]);
  } finally {
    given.abort();
    await subscription.close();
  }
}

/** The same over a connection of its own, which is closed again. @throws as `readThroughout` does */
export async function readAlone(client: ClientOptions, topic: string, take: Take, reader?: string): Promise<void> {
  const bus = new KafkaBus({ ...client, onError: () => {} });
  try {
    await readThroughout(bus, client, topic, take, reader);
  } finally {
    await bus.close(0);
  }
}

/** Whoever reads for a person: brokers that ask who a group is know it by its beginning. */
export function groupOfDesk(what: string): string {
  return `desk.${what}`;
}

/** Returns when nothing has come for too long. */
async function watch(lastMs: () => number, signal: AbortSignal): Promise<void> {
  while (performance.now() - lastMs() < SILENT_MS) await wait(1_000, undefined, { signal });
}

function silent(topic: string): BusError {
  return new BusError(
    "retriable",
    "TIMEOUT",
    `${topic}: the brokers gave nothing for ${SILENT_MS / 1_000} s: are they up?`,
  );
}

const SILENT_MS = 30_000;
