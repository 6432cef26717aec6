/** How the topics that are there differ from those that are wanted. */
// Node does not see all names of this CommonJS package.
import kafkajs, { type Admin } from "kafkajs";
import type { TopicConfig } from "../port.ts";

export interface TopicDifference {
  readonly topic: string;
  /** `topic` when it is not there at all; else partitions, replicas, or a setting by the broker's name. */
  readonly what: string;
  readonly is: string;
  readonly wanted: string;
}

const MIN_IN_SYNC = 2;

/** What a topic is given beyond the broker's own defaults. */
export function settingsOf(replicas: number, retentionMs: number | undefined): Record<string, string> {
  return {
    "min.insync.replicas": String(Math.min(MIN_IN_SYNC, replicas)),
    "message.timestamp.type": "LogAppendTime",
    ...(retentionMs === undefined ? {} : { "retention.ms": String(retentionMs) }),
  };
}

/** Of topics that exist: whoever asks knows which do. */
export async function differencesOf(
  admin: Admin,
  topics: readonly TopicConfig[],
  replicas: number,
): Promise<TopicDifference[]> {
  if (topics.length === 0) return [];
  const { topics: metadata } = await admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ topic }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic })),
  });
  return topics.flatMap(({ topic, partitions, retentionMs }) => {
    const actual = metadata.find(({ name }) => name === topic)?.partitions ?? [];
    const entries = resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
    const settings = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
    const pairs: [what: string, is: unknown, wanted: unknown][] = [
      ["partitions", actual.length, partitions],
      ["replicas", Math.min(...actual.map((one) => one.replicas.length)), replicas],
      ...Object.entries(settingsOf(replicas, retentionMs)).map(
        ([name, value]) => [name, settings.get(name), value] as [string, unknown, unknown],
      ),
    ];
    return pairs
      .filter(([, is, wanted]) => is !== wanted)
      .map(([what, is, wanted]) => ({ topic, what, is: String(is), wanted: String(wanted) }));
  });
}
