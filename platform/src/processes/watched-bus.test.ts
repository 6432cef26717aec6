import { LocalBus } from "@countersign/bus";
import { Metrics, openTracer, telemetryProbe } from "@countersign/telemetry";
import { Scheduler } from "@countersign/time";
import { afterEach, describe, expect, it } from "vitest";
import { WatchedBus } from "./watched-bus.ts";

const metrics = new Metrics({ agent: "policy" });
const probe = telemetryProbe(metrics, openTracer({ service: "policy", instance: "1" }));
afterEach(() => metrics.close());

const record = (topic: string) => ({ topic, key: Buffer.from("k"), value: Buffer.from("no envelope"), headers: {} });
const every = (topic: string) => ({
  topics: [topic],
  as: { kind: "every" as const, name: "policy" },
  from: "earliest" as const,
  maxInFlightBytes: 1e6,
  maxProcessingMs: 1e3,
});

describe("a bus that is watched", () => {
  it("counts what goes out and what comes in, tells its listeners, and knows its dead letters", async () => {
    const scheduler = new Scheduler(1_000_000);
    const bus = new WatchedBus({ bus: new LocalBus(scheduler), probe, isTraced: () => true });
    await bus.ensureTopics(["a.v1", "a.v1.policy.dlq"].map((topic) => ({ topic, partitions: 1 })));
    const heard: Uint8Array[] = [];
    bus.onPublished("a.v1", (value) => void heard.push(value));
    let during: number | undefined;
    await bus.subscribe(every("a.v1"), ({ records }) => {
      during = records.length;
      return { through: records.at(-1)!.offset };
    });
    expect(bus.newestMs("a.v1")).toBeUndefined();
    await scheduler.step(1_000_000, async () => {
      await bus.publish([record("a.v1")], { timeoutMs: 1_000 });
      await bus.publish([record("a.v1.policy.dlq"), record("a.v1.policy.dlq")], { timeoutMs: 1_000 });
    });
    expect([during, heard.length, bus.newestMs("a.v1")]).toEqual([1, 1, 1_000_000]);
    expect([...bus.dead]).toEqual([["a.v1.policy.dlq", 2]]);
    const page = await metrics.render("text");
    expect(page).toMatch(/countersign_records_total\{topic="a\.v1",agent="policy"\} 1/);
    expect(page).toMatch(/countersign_deliveries_total\{topic="a\.v1",agent="policy"\} 1/);
    expect(page).toMatch(/countersign_lag_records\{topic="a\.v1",agent="policy"\} 0/);
    expect([bus.isStuck, bus.inflightBytes]).toEqual([false, 0]);
  });
});
