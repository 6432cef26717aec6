/**
 * What every adapter of the Bus port must do, as a function that is handed an adapter. It needs vitest's `it` and `expect` from the
 * caller, so that this package depends on no test runner.
 */
import { partitionOf } from "./partition.ts";
import type { Batch, Bus, OutRecord, Progress, SubscribeOptions } from "./port.ts";

export interface Harness {
  readonly bus: Bus;
  /** Begins the names of topics and groups, so that tests can share a broker. */
  readonly prefix: string;
  /** Runs until everything published so far has been delivered, or for as long as the adapter needs to show it. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

interface TestApi {
  it(name: string, test: () => Promise<void>): void;
  equal(actual: unknown, expected: unknown): void;
}

const partitions = 4;
const text = new TextDecoder();

export function busConformance(open: () => Promise<Harness>, { it, equal }: TestApi): void {
  const withBus = (name: string, test: (h: Harness & Names) => Promise<void>) =>
    it(name, async () => {
      const harness = await open();
      try {
        const names = namesIn(harness.prefix);
        await harness.bus.ensureTopics([{ topic: names.topic, partitions }]);
        await test({ ...harness, ...names });
      } finally {
        await harness.close();
      }
    });

  withBus("keeps the order of each key and the partition of its murmur2", async (h) => {
    const { bus, settle, group, record } = h;
    const seen = new Map<string, string[]>();
    const wrong: string[] = [];
    await bus.subscribe(group("g"), (batch) => {
      for (const record of batch.records) {
        const key = text.decode(record.key);
        seen.set(key, [...(seen.get(key) ?? []), text.decode(record.value)]);
        if (record.partition !== partitionOf(record.key, partitions)) wrong.push(key);
      }
      return through(batch);
    });
    const expected = new Map<string, string[]>();
    for (let n = 0; n < 60; n++) {
      const key = `k${n % 7}`;
      expected.set(key, [...(expected.get(key) ?? []), `v${n}`]);
      await bus.publish([record(key, `v${n}`)], { timeoutMs: 5_000 });
    }
    await settle();
    equal([...seen].sort(), [...expected].sort());
    equal(wrong, []);
  });

  withBus("carries key, value and lists of header values byte for byte", async (h) => {
    const { bus, settle, group, topic } = h;
    const all = Uint8Array.from({ length: 256 }, (_, n) => n);
    const headers = { one: [all], two: [all.slice(0, 1), all.slice(1, 2)] };
    const got: unknown[] = [];
    await bus.subscribe(group("g"), (batch) => {
      for (const r of batch.records)
        got.push([[...r.key], [...r.value], Object.entries(r.headers).map(([k, v]) => [k, v.map((b) => [...b])])]);
      return through(batch);
    });
    await bus.publish([{ topic, key: all, value: all, headers }], { timeoutMs: 5_000 });
    await settle();
    const bytes = [...all];
    equal(got, [
      [
        bytes,
        bytes,
        [
          ["one", [bytes]],
          ["two", [[0], [1]]],
        ],
      ],
    ]);
  });

  withBus("gives every record to each group once, to one member of it", async (h) => {
    const { bus, settle, group } = h;
    const members = [collector(), collector(), collector()];
    await bus.subscribe(group("a"), members[0]!.handler);
    await bus.subscribe(group("a"), members[1]!.handler);
    await bus.subscribe(group("b"), members[2]!.handler);
    await settle();
    const values = await publishMany(h, 40);
    await settle();
    equal([...members[0]!.values, ...members[1]!.values].sort(), values);
    equal([...members[2]!.values].sort(), values);
  });

  withBus("gives every record to each `every` subscription of one name", async (h) => {
    const { bus, settle, group, groupName } = h;
    const readers = [collector(), collector()];
    for (const reader of readers)
      await bus.subscribe({ ...group("r"), as: { kind: "every", name: groupName("r") } }, reader.handler);
    await settle();
    const values = await publishMany(h, 20);
    await settle();
    for (const reader of readers) equal([...reader.values].sort(), values);
  });

  withBus("gives an `every` subscription what comes after the position it knows", async (h) => {
    const { bus, settle, group, record, topic, groupName } = h;
    const values = ["1", "2", "3", "4"];
    const placed = await bus.publish(
      values.map((value) => record("k", value)),
      { timeoutMs: 5_000 },
    );
    const reader = collector();
    const { partition, offset } = placed[2]!;
    const every = { ...group("r"), as: { kind: "every", name: groupName("r") } } as const;
    await bus.subscribe({ ...every, positions: [{ topic, partition, offset }] }, reader.handler);
    await settle();
    equal(reader.values, ["3", "4"]);
  });

  withBus("delivers what a handler has not finished of a batch behind what it has", async (h) => {
    const { bus, settle, group, record } = h;
    const values = Array.from({ length: 20 }, (_, n) => String(n));
    const seen: string[] = [];
    await bus.publish(
      values.map((value) => record("k", value)),
      { timeoutMs: 5_000 },
    );
    await bus.subscribe(group("g"), ({ records: [first] }) => {
      seen.push(text.decode(first!.value));
      return { through: first!.offset };
    });
    await settle();
    equal(seen, values);
  });

  withBus("delivers again to the next member what the last one did not finish", async (h) => {
    const { bus, settle, group, record } = h;
    const first = collector();
    const member = await bus.subscribe(group("g"), first.handler);
    await settle();
    await bus.publish([record("k", "1"), record("k", "2")], { timeoutMs: 5_000 });
    await settle();
    await member.close();
    await bus.publish([record("k", "3")], { timeoutMs: 5_000 });
    const second = collector();
    await bus.subscribe(group("g"), second.handler);
    await settle();
    equal(first.values, ["1", "2"]);
    equal(second.values, ["3"]);
  });

  withBus("goes back where it is told to", async (h) => {
    const { bus, settle, group, record, topic } = h;
    const reader = collector();
    const member = await bus.subscribe(group("g"), reader.handler);
    await settle();
    const [placed] = await bus.publish([record("k", "1"), record("k", "2")], { timeoutMs: 5_000 });
    await settle();
    member.seek({ topic, partition: placed!.partition }, placed!.offset);
    await settle();
    equal(reader.values, ["1", "2", "1", "2"]);
  });

  withBus("delivers nothing while paused, and everything after", async (h) => {
    const { bus, settle, group } = h;
    const reader = collector();
    const member = await bus.subscribe(group("g"), reader.handler);
    await settle();
    const all = member.assigned();
    member.pause(all);
    const values = await publishMany(h, 10);
    await settle();
    equal(reader.values, []);
    member.resume(all);
    await settle();
    equal([...reader.values].sort(), values);
  });

  withBus("delivers a record that was published twice twice: the inbox is the guard, not the bus", async (h) => {
    const { bus, settle, group, record } = h;
    const reader = collector();
    await bus.subscribe(group("g"), reader.handler);
    await settle();
    const same = record("k", "same");
    await bus.publish([same], { timeoutMs: 5_000 });
    await bus.publish([same], { timeoutMs: 5_000 });
    await settle();
    equal(reader.values, ["same", "same"]);
  });

  withBus("says how far a group is behind", async (h) => {
    const { bus, settle, group, groupName } = h;
    const lag = async () => (await bus.lag(groupName("g"))).reduce((sum, { records }) => sum + records, 0n);
    const member = await bus.subscribe(group("g"), collector().handler);
    await settle();
    member.pause(member.assigned());
    await publishMany(h, 5);
    await settle();
    equal(await lag(), 5n);
    member.resume(member.assigned());
    // What is answered for may be committed a little later.
    for (let tries = 0; tries < 20 && (await lag()) > 0n; tries++) await settle();
    equal(await lag(), 0n);
  });

  withBus("refuses a topic nobody created", async ({ bus, record }) => {
    const failure = await bus
      .publish([{ ...record("k", "v"), topic: "nowhere" }], { timeoutMs: 5_000 })
      .catch((e) => e);
    equal([failure.name, failure.code], ["BusError", "UNKNOWN_TOPIC"]);
  });
}

interface Names {
  readonly topic: string;
  groupName(name: string): string;
  group(name: string): SubscribeOptions;
  record(key: string, value: string): OutRecord;
}

function namesIn(prefix: string): Names {
  const topic = `${prefix}t`;
  const groupName = (name: string) => `${prefix}${name}`;
  return {
    topic,
    groupName,
    group: (name) => ({
      topics: [topic],
      as: { kind: "group", name: groupName(name) },
      from: "earliest",
      maxInFlightBytes: 1_000_000,
      maxProcessingMs: 10_000,
    }),
    record: (key, value) => ({ topic, key: Buffer.from(key), value: Buffer.from(value), headers: {} }),
  };
}

function through(batch: Batch): Progress {
  return { through: batch.records.at(-1)!.offset };
}

/** Half of its answers are given at once, half later: both ways must keep order. */
function collector() {
  const values: string[] = [];
  let count = 0;
  const handler = (batch: Batch) => {
    for (const { value } of batch.records) values.push(text.decode(value));
    return count++ % 2 === 0 ? through(batch) : Promise.resolve().then(() => through(batch));
  };
  return { values, handler };
}

async function publishMany({ bus, record }: { readonly bus: Bus } & Names, count: number): Promise<string[]> {
  const values = Array.from({ length: count }, (_, n) => `v${String(n).padStart(3, "0")}`);
  for (const [n, value] of values.entries()) await bus.publish([record(`k${n}`, value)], { timeoutMs: 5_000 });
  return values;
}
