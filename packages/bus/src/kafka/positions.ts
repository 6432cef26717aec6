/** Where readers are and where partitions begin and end, as the broker says. */
import type { Lag, Position, SubscribeOptions, TopicPartition } from "../port.ts";
import { ask, type ClientOptions, patiently } from "./client.ts";

interface FoundPosition extends Position {
  /** The group has no position here. */
  readonly isNew: boolean;
  /** It had one, and retention has taken the records there: kafkajs then commits -2, "from the beginning". */
  readonly isLost: boolean;
}

/** The offset of each partition where a reader without a position begins. */
export async function firstOffsets(
  client: ClientOptions,
  topic: string,
  from: SubscribeOptions["from"],
): Promise<Map<number, bigint>> {
  const ends = await patiently(() => ask(client, (admin) => admin.fetchTopicOffsets(topic)));
  return new Map(ends.map(({ partition, low, high }) => [partition, BigInt(from === "earliest" ? low : high)]));
}

/** The group's offsets of these partitions; for those that have none, where it should begin. */
export async function beginGroup(
  client: ClientOptions,
  groupId: string,
  assigned: readonly TopicPartition[],
  from: SubscribeOptions["from"],
): Promise<FoundPosition[]> {
  const topics = [...new Set(assigned.map(({ topic }) => topic))];
  if (topics.length === 0) return [];
  const committed = await committedOffsets(client, groupId, topics);
  const found = assigned.map((at) => ({ ...at, offset: committed.get(`${at.topic}/${at.partition}`) }));
  const fresh = new Set(found.filter(({ offset }) => !isPosition(offset)).map(({ topic }) => topic));
  const first = new Map<string, Map<number, bigint>>();
  for (const topic of fresh) first.set(topic, await firstOffsets(client, topic, from));
  return found.map(({ topic, partition, offset }) => ({
    topic,
    partition,
    offset: isPosition(offset) ? offset : first.get(topic)!.get(partition)!,
    isNew: !isPosition(offset),
    isLost: offset === FROM_THE_BEGINNING,
  }));
}

/** How far a group is behind, in each partition where it has a position. */
export async function lagOf(client: ClientOptions, groupId: string): Promise<Lag[]> {
  const committed = await committedOffsets(client, groupId, []);
  const topics = new Set([...committed.keys()].map((at) => at.slice(0, at.lastIndexOf("/"))));
  const lags: Lag[] = [];
  for (const topic of topics) {
    for (const { partition, high } of await patiently(() => ask(client, (admin) => admin.fetchTopicOffsets(topic)))) {
      const offset = committed.get(`${topic}/${partition}`);
      if (isPosition(offset)) lags.push({ topic, partition, records: BigInt(high) - offset });
    }
  }
  return lags;
}

const FROM_THE_BEGINNING = -2n;

function isPosition(offset: bigint | undefined): offset is bigint {
  return offset !== undefined && offset >= 0n;
}

/** By topic/partition; of all topics if none is named. */
async function committedOffsets(
  client: ClientOptions,
  groupId: string,
  topics: string[],
): Promise<Map<string, bigint>> {
  const found = await patiently(() => ask(client, (admin) => admin.fetchOffsets({ groupId, topics })));
  return new Map(
    found.flatMap(({ topic, partitions }) =>
      partitions
        .filter(({ offset }) => offset !== "-1")
        .map(({ partition, offset }) => [`${topic}/${partition}`, BigInt(offset)] as const),
    ),
  );
}
