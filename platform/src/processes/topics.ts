/** The topics of a cluster, as its brokers hold them: made by a command, never by somebody who misspells one. */
import { type KafkaAddress, KafkaBus } from "@countersign/bus/kafka";
import { type TopicDifference, topicDifferences } from "@countersign/bus/kafka/look";
import { authority } from "../authority-file.ts";
import { type TopologyTopic, clusterTopics as topicsOf } from "../topology.ts";

export interface TopicsAt extends KafkaAddress {
  /** Copies of each topic. */
  readonly replicas: number;
}

/** Every topic of the catalogue, and a dead letter queue for each reader of each. */
export const clusterTopics = (): readonly TopologyTopic[] => topicsOf(authority);

/**
 * Creates what is missing and returns its names; what is there stays as it is.
 * @throws BusError TOPIC_MISMATCH where one is not as the catalogue says; UNREACHABLE, also where there are fewer brokers than copies
 */
export async function createTopics({ replicas, ...kafka }: TopicsAt): Promise<readonly string[]> {
  const missing = (await checkTopics({ ...kafka, replicas })).filter(({ what }) => what === "topic");
  const bus = new KafkaBus({ ...kafka, clientId: CLIENT, replicas, onError: () => {} });
  try {
    await bus.ensureTopics(clusterTopics());
  } finally {
    await bus.close(0);
  }
  return missing.map(({ topic }) => topic);
}

/** What the brokers have otherwise than the catalogue says. @throws BusError UNREACHABLE */
export function checkTopics({ replicas, ...kafka }: TopicsAt): Promise<readonly TopicDifference[]> {
  return topicDifferences({ ...kafka, clientId: CLIENT }, clusterTopics(), replicas);
}

const CLIENT = "countersign-topics";
