import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it } from "vitest";
import type { Batch, BusErrorCode, SubscribeOptions } from "../port.ts";
import { BusError } from "../port.ts";
import { ask } from "./client.ts";
import { type KafkaRig, kafkaRig } from "./testing.ts";

const text = new TextDecoder();
const brokers = inject("kafka");

function group(rig: KafkaRig, more: Partial<SubscribeOptions> = {}): SubscribeOptions {
  const as = { kind: "group", name: `${rig.prefix}g` } as const;
  const rest = { from: "earliest", maxInFlightBytes: 1_000_000, maxProcessingMs: 10_000 } as const;
  return { topics: [`${rig.prefix}t`], as, ...rest, ...more };
}

/** `count` records over `keys` keys, each value the key and a number that grows. */
async function publish(rig: KafkaRig, count: number, keys: number): Promise<string[]> {
  const topic = `${rig.prefix}t`;
  await rig.bus.ensureTopics([{ topic, partitions: 4 }]);
  const values = Array.from({ length: count }, (_, n) => `k${n % keys}:${String(n).padStart(4, "0")}`);
  const records = values.map((value) => ({
    topic,
    key: Buffer.from(value.split(":")[0]!),
    value: Buffer.from(value),
    headers: {},
  }));
  await rig.bus.publish(records, { timeoutMs: 10_000 });
  return values;
}

function byKey(values: readonly string[]): Map<string, string[]> {
  return Map.groupBy(values, (value) => value.split(":")[0]!);
}

/** Records that the group has not committed, over all partitions. */
async function lagOf(rig: KafkaRig): Promise<number> {
  const lags = await rig.bus.lag(`${rig.prefix}g`);
  return lags.length < 4 ? Number.POSITIVE_INFINITY : lags.reduce((sum, { records }) => sum + Number(records), 0);
}

async function until(what: string, isSo: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  for (const end = Date.now() + ms; !(await isSo()); await sleep(20))
    if (Date.now() > end) throw new Error(`not yet: ${what}`);
}

const codes = (rig: KafkaRig) =>
  rig.heard.map(({ error }) => (error instanceof BusError ? error.code : error)) as (BusErrorCode | Error)[];

describe.concurrent("a group of KafkaBus members", () => {
  it("loses nothing and keeps the order of each key when a member joins while a handler runs", async () => {
    await using one = kafkaRig(brokers);
    await using two = kafkaRig(brokers);
    const values = await publish(one, 240, 20);
    const seen: string[] = [];
    const counts = [0, 0];
    const slow = (member: number) => async (batch: Batch) => {
      await sleep(50);
      const first = batch.records[0]!;
      seen.push(text.decode(first.value));
      counts[member]!++;
      return { through: first.offset };
    };
    await one.bus.subscribe(group(one), slow(0));
    await until("the first member has begun", () => counts[0]! > 8);
    await two.bus.subscribe(group(one), slow(1));
    await until("all are handled", () => new Set(seen).size === values.length);
    expect(byKey(seen)).toEqual(byKey(values)); // a rebalance waits for the handler: not even a repetition
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it("delivers to the others what a killed process had not finished", async () => {
    await using rig = kafkaRig(brokers);
    const values = await publish(rig, 400, 10);
    const member = startMember(rig);
    const handled: string[] = [];
    createInterface({ input: member.stdout! }).on("line", (line) => handled.push(line));
    await until(
      "some of what the member has handled is committed",
      async () => (await lagOf(rig)) < values.length - 10,
    );
    member.kill("SIGKILL");
    await once(member, "close"); // with all that it printed
    const rest: string[] = [];
    await rig.bus.subscribe(group(rig), (batch) => {
      rest.push(...batch.records.map(({ value }) => text.decode(value)));
      return { through: batch.records.at(-1)!.offset };
    });
    await until("all were handled somewhere", () => new Set([...handled, ...rest]).size === values.length);
    expect(rest.length).toBeLessThan(values.length); // it went on from what was committed
    for (const [, got] of byKey(rest)) expect(got).toEqual(got.toSorted());
  });

  it("delivers again after an error of the handler, later and later, and the other partitions go on", async () => {
    await using rig = kafkaRig(brokers);
    const values = await publish(rig, 40, 8);
    const broken = new Error("broken invariant: of the test");
    const poisoned = values[0]!;
    const seen: string[] = [];
    const failures: number[] = [];
    await rig.bus.subscribe(group(rig), ({ records }) => {
      for (const { value, offset } of records) {
        const is = text.decode(value);
        if (is !== poisoned || failures.length === 3) {
          seen.push(is);
          return { through: offset };
        }
        failures.push(performance.now());
        throw broken;
      }
      throw broken;
    });
    await until("all are handled", () => seen.length === values.length);
    expect(byKey(seen)).toEqual(byKey(values));
    expect(rig.heard.map(({ error, place }) => [error, place.attempt])).toEqual([1, 2, 3].map((n) => [broken, n]));
    expect(rig.heard[0]!.place).toMatchObject({ topic: `${rig.prefix}t`, subscription: `${rig.prefix}g`, offset: 0n });
    expect(failures[2]! - failures[1]!).toBeGreaterThan(200);
    expect(seen.indexOf(poisoned)).toBeGreaterThan(5);
  });

  it("says that it is stuck when a handler hangs, and gives its partitions to another member", async () => {
    await using one = kafkaRig(brokers);
    await using two = kafkaRig(brokers);
    const values = await publish(one, 8, 1);
    let aborted: AbortSignal | undefined;
    const member = await one.bus.subscribe(group(one, { maxProcessingMs: 400 }), (_batch, signal) => {
      aborted = signal;
      return new Promise(() => {});
    });
    expect(member.health().stuck).toBe(false);
    await until("the deadline has passed", () => member.health().stuck);
    expect(aborted?.aborted).toBe(true);
    await until("it has given up", () => member.assigned().length === 0);
    expect(codes(one)).toEqual(["STUCK"]);
    const seen: string[] = [];
    await two.bus.subscribe(group(one), (batch) => {
      seen.push(...batch.records.map(({ value }) => text.decode(value)));
      return { through: batch.records.at(-1)!.offset };
    });
    await until("the other has them", () => seen.length === values.length);
    expect(seen).toEqual(values);
    expect(member.health().stuck).toBe(true);
  });

  it("lets a handler that ends by its signal try again, and is stuck no longer", async () => {
    await using rig = kafkaRig(brokers);
    await publish(rig, 1, 1);
    let calls = 0;
    const member = await rig.bus.subscribe(group(rig, { maxProcessingMs: 300 }), async (batch, signal) => {
      if (calls++ === 0) await sleep(60_000, undefined, { signal });
      return { through: batch.records[0]!.offset };
    });
    await until("it was called again", () => calls === 2);
    expect(rig.heard.map(({ error }) => (error as Error).name)).toEqual(["AbortError"]);
    expect([member.health().stuck, member.assigned().length]).toEqual([false, 4]);
  });

  it("says which records are no longer there", async () => {
    await using rig = kafkaRig(brokers);
    const topic = `${rig.prefix}t`;
    await publish(rig, 5, 1);
    const read: bigint[] = [];
    const handler = (batch: Batch) => {
      read.push(...batch.records.map(({ offset }) => offset));
      return { through: batch.records.at(-1)!.offset };
    };
    const first = await rig.bus.subscribe(group(rig), handler);
    await until("five were read", () => read.length === 5);
    await first.close();
    await publish(rig, 5, 1);
    await deleteBefore(topic, "8");
    await rig.bus.subscribe(group(rig), handler);
    await until("the rest was read", () => read.at(-1) === 9n);
    expect(read).toEqual([0n, 1n, 2n, 3n, 4n, 8n, 9n]);
    expect(codes(rig)).toEqual(["RECORDS_LOST"]);
  });

  it("leaves no group behind for an `every` subscription", async () => {
    await using rig = kafkaRig(brokers);
    const values = await publish(rig, 10, 3);
    const seen: string[] = [];
    const as = { kind: "every", name: `${rig.prefix}r` } as const;
    const reader = await rig.bus.subscribe(group(rig, { as }), (batch) => {
      seen.push(...batch.records.map(({ value }) => text.decode(value)));
      return { through: batch.records.at(-1)!.offset };
    });
    await until("all were read", () => seen.length === values.length);
    expect(await groupsNamed(as.name)).toHaveLength(1);
    await reader.close();
    expect(await groupsNamed(as.name)).toEqual([]);
  });
});

/** Another process: it handles one record every 30 ms, and prints it. */
function startMember(rig: KafkaRig): ChildProcess {
  const program = `
    import { KafkaBus } from ${JSON.stringify(new URL("bus.ts", import.meta.url).href)};
    const bus = new KafkaBus({ brokers: ${JSON.stringify(brokers)}, clientId: "member", onError: console.error, sessionTimeoutMs: 6000 });
    await bus.subscribe(${JSON.stringify(group(rig))}, async ({ records: [record] }) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      console.log(Buffer.from(record.value).toString());
      return { through: record.offset };
    });`;
  const stdio = ["ignore", "pipe", "inherit"] as const;
  return spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: [...stdio] });
}

async function groupsNamed(beginning: string): Promise<string[]> {
  const { groups } = await ask({ brokers, clientId: "test" }, (admin) => admin.listGroups());
  return groups.map(({ groupId }) => groupId).filter((name) => name.startsWith(beginning));
}

/** What retention does, on the one partition that has records. */
async function deleteBefore(topic: string, offset: string): Promise<void> {
  await ask({ brokers, clientId: "test" }, async (admin) => {
    const ends = await admin.fetchTopicOffsets(topic);
    const { partition } = ends.find(({ high }) => high !== "0")!;
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset }] });
  });
}
