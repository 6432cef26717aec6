// Brokers die and come back, on a cluster of the test's own: whatever was acknowledged arrives, and each key stays in order.
import { setTimeout as sleep } from "node:timers/promises";
import { BusError } from "@countersign/bus";
import { KafkaBus } from "@countersign/bus/kafka";
import { type KafkaCluster, kafka } from "@countersign/engines";
import { afterAll, beforeAll, expect, it } from "vitest";

const topic = "loss.v1";
const KEYS = 12;
let cluster: KafkaCluster;

beforeAll(async () => {
  cluster = await kafka();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

function open(): KafkaBus {
  return new KafkaBus({ brokers: cluster.brokers, clientId: "test", sessionTimeoutMs: 6_000, onError: () => {} });
}

/** A publisher that never gives up, as the outbox relay does: the same record again until it is acknowledged. */
async function publishUntil(bus: KafkaBus, signal: AbortSignal): Promise<{ values: string[]; again: number }> {
  const values: string[] = [];
  let again = 0;
  for (let n = 0; !signal.aborted; n++) {
    const records = Array.from({ length: KEYS }, (_, k) => `k${k}:${String(n).padStart(5, "0")}`).map((value) => ({
      topic,
      key: Buffer.from(value.split(":")[0]!),
      value: Buffer.from(value),
      headers: {},
    }));
    for (;;) {
      try {
        await bus.publish(records, { timeoutMs: 5_000 });
        break;
      } catch (error) {
        if (!(error instanceof BusError) || error.kind === "fatal") throw error;
        again++;
        await sleep(100);
      }
    }
    values.push(...records.map(({ value }) => value.toString()));
    await sleep(10);
  }
  return { values, again };
}

async function survives(groupName: string, disturb: () => Promise<void>): Promise<void> {
  const [writer, reader] = [open(), open()];
  try {
    await writer.ensureTopics([{ topic, partitions: 6 }]);
    const seen: string[] = [];
    const as = { kind: "group", name: groupName } as const;
    const options = {
      topics: [topic],
      as,
      from: "latest",
      maxInFlightBytes: 1_000_000,
      maxProcessingMs: 5_000,
    } as const;
    const subscription = await reader.subscribe(options, ({ records }) => {
      for (const { value } of records) seen.push(Buffer.from(value).toString());
      return { through: records.at(-1)!.offset };
    });
    const stop = new AbortController();
    const publishing = publishUntil(writer, stop.signal);
    await sleep(500);
    await disturb();
    await sleep(1_000);
    stop.abort();
    const { values, again } = await publishing;
    const missing = () => values.filter((value) => !new Set(seen).has(value));
    for (const until = Date.now() + 30_000; new Set(seen).size < values.length; await sleep(100))
      if (Date.now() > until) expect(missing()).toEqual([]);
    // Repetitions are allowed; the first time of each is in order.
    const firsts = Map.groupBy(new Set(seen), (value) => value.split(":")[0]);
    for (const got of firsts.values()) expect(got).toEqual(got.toSorted());
    console.log(
      `${values.length} acknowledged, ${again} tries repeated, ${seen.length - values.length} delivered again`,
    );
    expect(again).toBeGreaterThan(0); // it did disturb
    expect(subscription.health().stuck).toBe(false);
  } finally {
    await Promise.all([writer.close(5_000), reader.close(5_000)]);
  }
}

it("one of three brokers killed and started again loses nothing", async () => {
  await survives("one-lost", async () => {
    await cluster.node(1).kill();
    await sleep(6_000);
    await cluster.node(1).start();
  });
});

it("all brokers killed and started again lose nothing", async () => {
  await survives("all-lost", async () => {
    await Promise.all([0, 1, 2].map((n) => cluster.node(n).kill()));
    await sleep(3_000);
    await Promise.all([0, 1, 2].map((n) => cluster.node(n).start()));
  });
});
