import { Scheduler } from "@countersign/time";
import { describe, expect, it } from "vitest";
import { busConformance } from "../conformance.ts";
import type { Batch, SubscribeOptions } from "../port.ts";
import { LocalBus } from "./bus.ts";

describe("LocalBus keeps the port's rules", () => {
  busConformance(
    async () => {
      const scheduler = new Scheduler(0);
      const bus = new LocalBus(scheduler);
      return { bus, prefix: "", settle: () => scheduler.step(0, () => {}), close: () => bus.close(0) };
    },
    { it, equal: (actual, expected) => expect(actual).toEqual(expected) },
  );
});

const all: SubscribeOptions = {
  topics: ["a", "b"],
  as: { kind: "every", name: "x" },
  from: "earliest",
  maxInFlightBytes: 1e6,
  maxProcessingMs: 1e3,
};
const out = (topic: string, value: string) => ({
  topic,
  key: Buffer.from(value),
  value: Buffer.from(value),
  headers: {},
});
const last = (batch: Batch) => ({ through: batch.records.at(-1)!.offset });

describe("LocalBus on the scheduler", () => {
  it("delivers in the order of publication, to one subscription after the other", async () => {
    const scheduler = new Scheduler(0);
    const bus = new LocalBus(scheduler);
    await bus.ensureTopics([
      { topic: "a", partitions: 3 },
      { topic: "b", partitions: 3 },
    ]);
    const seen: string[] = [];
    for (const reader of [1, 2]) {
      await bus.subscribe(all, async (batch) => {
        const value = Buffer.from(batch.records[0]!.value).toString();
        if (reader === 1) await new Promise((resolve) => setTimeout(resolve, 1));
        seen.push(`${reader}:${value}`);
        if (reader === 1 && value === "1") bus.publishNow(out("a", "then"));
        return last(batch);
      });
    }
    await scheduler.step(0, () => {
      for (const value of ["1", "2"]) bus.publishNow(out(value === "1" ? "b" : "a", value));
    });
    expect(seen).toEqual(["1:1", "2:1", "1:2", "2:2", "1:then", "2:then"]);
  });

  it("stops the step when a handler throws, and leaves its record uncommitted", async () => {
    const scheduler = new Scheduler(0);
    const bus = new LocalBus(scheduler);
    await bus.ensureTopics([
      { topic: "a", partitions: 1 },
      { topic: "b", partitions: 1 },
    ]);
    const as = { kind: "group" as const, name: "g" };
    const failing = await bus.subscribe({ ...all, as }, () => {
      throw new Error("broken");
    });
    await expect(scheduler.step(0, () => void bus.publishNow(out("a", "1")))).rejects.toThrow("broken");
    await failing.close();
    const seen: string[] = [];
    await bus.subscribe({ ...all, as }, (batch) => {
      seen.push(Buffer.from(batch.records[0]!.value).toString());
      return last(batch);
    });
    await scheduler.step(0, () => {});
    expect(seen).toEqual(["1"]);
  });

  it("lets go of what everybody has read", async () => {
    const scheduler = new Scheduler(0);
    const bus = new LocalBus(scheduler, { retainedRecords: 10 });
    await bus.ensureTopics([{ topic: "a", partitions: 1 }]);
    await bus.subscribe({ ...all, topics: ["a"] }, last);
    for (let n = 0; n < 100; n++) await scheduler.step(n, () => void bus.publishNow(out("a", "x")));
    const seen: bigint[] = [];
    await bus.subscribe({ ...all, topics: ["a"] }, (batch) => {
      seen.push(batch.records[0]!.offset);
      return last(batch);
    });
    await scheduler.step(100, () => {});
    expect(seen.length).toBeGreaterThanOrEqual(10);
    expect(seen.length).toBeLessThan(30);
    expect(seen.at(-1)).toBe(99n);
  });
});
