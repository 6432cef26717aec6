import { setTimeout as sleep } from "node:timers/promises";
import { brokerTopics } from "@countersign/contracts";
import { describe, expect, inject, it } from "vitest";
import type { OutRecord } from "../port.ts";
import { ask } from "./client.ts";
import { kafkaRig } from "./testing.ts";

const brokers = inject("kafka");
const timeoutMs = 20_000;

function record(topic: string, key: string, bytes: number): OutRecord {
  return { topic, key: Buffer.from(key), value: Buffer.alloc(bytes, key), headers: { ce_type: [Buffer.from("x")] } };
}

describe.concurrent("what KafkaBus writes", () => {
  it("stands in the order of the calls, also of those that nobody waited for", async () => {
    await using rig = kafkaRig(brokers);
    const topic = `${rig.prefix}t`;
    await rig.bus.ensureTopics([{ topic, partitions: 4 }]);
    await rig.bus.publish([record(topic, "k", 1)], { timeoutMs });
    const calls = Array.from({ length: 300 }, () => rig.bus.publish([record(topic, "k", 400)], { timeoutMs }));
    const offsets = (await Promise.all(calls)).map(([placed]) => placed!.offset);
    expect(offsets).toEqual(Array.from({ length: 300 }, (_, n) => BigInt(n + 1)));
  });

  it("may be more in one call than the broker takes in one request", async () => {
    await using rig = kafkaRig(brokers);
    const topic = `${rig.prefix}t`;
    await rig.bus.ensureTopics([{ topic, partitions: 1 }]);
    const records = Array.from({ length: 5_000 }, () => record(topic, "k", 400));
    const placed = await rig.bus.publish(records, { timeoutMs });
    expect(placed.map(({ offset }) => offset)).toEqual(records.map((_, n) => BigInt(n)));
  });

  it("is refused by itself when it is too large", async () => {
    await using rig = kafkaRig(brokers);
    const topic = `${rig.prefix}t`;
    await rig.bus.ensureTopics([{ topic, partitions: 1 }]);
    await rig.bus.publish([record(topic, "k", 1)], { timeoutMs });
    const [before, tooLarge, after] = await Promise.allSettled([
      rig.bus.publish([record(topic, "k", 10)], { timeoutMs }),
      rig.bus.publish([record(topic, "k", 2_000_000)], { timeoutMs }),
      rig.bus.publish([record(topic, "k", 10)], { timeoutMs }),
    ]);
    expect(tooLarge).toMatchObject({ reason: { code: "REFUSED", kind: "fatal" } });
    expect([before.status, after.status]).toEqual(["fulfilled", "fulfilled"]);
  });
});

describe.concurrent("the topics of KafkaBus", () => {
  it("are made as the catalogue says, and found as made", async () => {
    await using rig = kafkaRig(brokers);
    const wanted = brokerTopics().map((one) => ({ ...one, topic: `${rig.prefix}${one.topic}` }));
    await rig.bus.ensureTopics(wanted);
    await rig.bus.ensureTopics(wanted);
    const { topics } = await ask({ brokers, clientId: "test" }, (admin) =>
      admin.fetchTopicMetadata({ topics: wanted.map(({ topic }) => topic) }),
    );
    const made = topics.map(({ name, partitions }) => [
      name,
      partitions.length,
      ...new Set(partitions.map((p) => p.replicas.length)),
    ]);
    const replicas = Math.min(3, brokers.length);
    expect(made.sort()).toEqual(wanted.map(({ topic, partitions }) => [topic, partitions, replicas]).sort());
  });

  it("are refused where one exists that is otherwise", async () => {
    await using rig = kafkaRig(brokers);
    const topic = `${rig.prefix}t`;
    await rig.bus.ensureTopics([{ topic, partitions: 2, retentionMs: 1_000_000 }]);
    for (const other of [{ partitions: 3 }, { partitions: 2, retentionMs: 2_000_000 }])
      await expect(rig.bus.ensureTopics([{ topic, ...other }])).rejects.toMatchObject({ code: "TOPIC_MISMATCH" });
  });
});

describe("a slow consumer of KafkaBus", () => {
  it("holds no more than it may while 50 MB wait", async () => {
    await using rig = kafkaRig(brokers);
    const topic = `${rig.prefix}t`;
    await rig.bus.ensureTopics([{ topic, partitions: 6 }]);
    const count = 50_000;
    for (let n = 0; n < count; n += 500)
      await rig.bus.publish(
        Array.from({ length: 500 }, (_, i) => record(topic, `k${n + i}`, 1_000)),
        { timeoutMs },
      );
    const limit = 1_000_000;
    let read = 0;
    let most = 0;
    let mostBuffers = 0;
    const as = { kind: "group", name: `${rig.prefix}g` } as const;
    const options = {
      topics: [topic],
      as,
      from: "earliest",
      maxInFlightBytes: limit,
      maxProcessingMs: 10_000,
    } as const;
    const buffersBefore = process.memoryUsage().arrayBuffers;
    const slow = await rig.bus.subscribe(options, async (batch) => {
      most = Math.max(most, slow?.health().inFlightBytes ?? 0);
      mostBuffers = Math.max(mostBuffers, process.memoryUsage().arrayBuffers - buffersBefore);
      await sleep(3);
      read += batch.records.length;
      return { through: batch.records.at(-1)!.offset };
    });
    while (read < count) await sleep(50);
    console.log(`in flight at most ${most} bytes, buffers at most ${mostBuffers} bytes more`);
    expect(read).toBe(count);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(limit * 1.5); // a broker gives whole batches
    // What was handled is garbage until it is collected, and 50 MB would be all of it.
    expect(mostBuffers).toBeLessThan(40_000_000);
  });
});
