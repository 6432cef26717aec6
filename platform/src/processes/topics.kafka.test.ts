// On a broker of the test's own: the catalogue's topics are made by the command, and what differs is told.

import { KafkaBus } from "@countersign/bus/kafka";
import { describeBrokers } from "@countersign/bus/kafka/look";
import { type KafkaCluster, kafka } from "@countersign/engines";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkTopics, clusterTopics, createTopics } from "./topics.ts";

let cluster: KafkaCluster;
beforeAll(async () => {
  cluster = await kafka({ nodes: 1 });
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

it("check tells what is missing or otherwise, create makes what is missing and changes nothing", async () => {
  const at = { brokers: cluster.brokers, replicas: 1 };
  expect(await describeBrokers({ brokers: cluster.brokers, clientId: "test" })).toEqual({
    up: cluster.brokers,
    autoCreating: [],
  });
  const names = clusterTopics().map(({ topic }) => topic);
  expect(names).toContain("orders.intent.v1.execution.dlq");
  expect((await checkTopics(at)).map(({ topic, what }) => `${topic} ${what}`)).toEqual(
    names.map((name) => `${name} topic`),
  );

  const bus = new KafkaBus({ brokers: cluster.brokers, clientId: "test", replicas: 1, onError: () => {} });
  await bus.ensureTopics([{ topic: "ledger.entries.v1", partitions: 2 }]);
  await bus.close(0);
  await expect(createTopics(at)).rejects.toMatchObject({ code: "TOPIC_MISMATCH" });
  const retentionMs = clusterTopics().find(({ topic }) => topic === "ledger.entries.v1")?.retentionMs;
  expect(await checkTopics(at)).toEqual([
    { topic: "ledger.entries.v1", what: "partitions", is: "2", wanted: "1" },
    { topic: "ledger.entries.v1", what: "retention.ms", is: "604800000", wanted: String(retentionMs) },
  ]);
}, 120_000);

it("created, everything is as the catalogue says, and a second time nothing is made", async () => {
  await using fresh = await kafka({ nodes: 1 });
  const at = { brokers: fresh.brokers, replicas: 1 };
  expect(await createTopics(at)).toEqual(clusterTopics().map(({ topic }) => topic));
  expect(await checkTopics(at)).toEqual([]);
  expect(await createTopics(at)).toEqual([]);
  const [first] = await checkTopics({ ...at, replicas: 3 });
  expect(first).toEqual({ topic: clusterTopics()[0]?.topic, what: "replicas", is: "1", wanted: "3" });
}, 120_000);
