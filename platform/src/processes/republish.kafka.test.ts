// On a broker and a database of the test's own: a topic that is lost comes back from the outbox, byte for byte, in the order of its commits.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import type { Delivered } from "@countersign/bus";
import { KafkaBus } from "@countersign/bus/kafka";
import { SignalSchema } from "@countersign/contracts";
import { type KafkaCluster, kafka } from "@countersign/engines";
import { openPool, type Pool } from "@countersign/postgres";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import { openPostgresStore, Teller } from "@countersign/runtime";
import { Rig } from "@countersign/runtime/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeSecrets, writeSpec } from "./cluster.ts";
import { readThroughout } from "./read-throughout.ts";
import { republish } from "./republish.ts";
import { specOf } from "./testing.ts";

const TOPIC = "signals.market.v1";
const COUNT = 620;
const dir = mkdtempSync(join(tmpdir(), "countersign-republish-"));
let cluster: KafkaCluster;
let bus: KafkaBus;
let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  cluster = await kafka({ nodes: 1 });
  database = await sharedTestServer();
  pool = openPool(database.url, { max: 2, applicationName: "test" });
  bus = new KafkaBus({ brokers: cluster.brokers, clientId: "test", replicas: 1, onError: () => {} });
  await bus.ensureTopics([TOPIC, "audit.records.v1"].map((topic) => ({ topic, partitions: 3 })));
  writeSpec(dir, specOf({ kafka: cluster.brokers }));
  writeSecrets(dir, { postgres: database.url });
});
afterAll(async () => {
  await bus?.close(1_000);
  await pool?.close();
  await database?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

/** What readers get of each record: by symbol, in their order. */
async function onTopic(): Promise<Map<string, Pick<Delivered, "value" | "headers">[]>> {
  const found: Delivered[] = [];
  await readThroughout(bus, { brokers: cluster.brokers, clientId: "test-look" }, TOPIC, (records) => {
    found.push(...records);
  });
  const plain = found.map(({ key, value, headers }) => ({ key, value: new Uint8Array(value), headers }));
  return Map.groupBy(plain, ({ key }) => Buffer.from(key).toString()) as never;
}

describe("republish", () => {
  it("puts what was committed on the bus again, each chain in its order, byte for byte", async () => {
    const rig = await Rig.open(Date.now());
    rig.grant("signal", `market.signal ${TOPIC}`);
    const store = await openPostgresStore(pool, "signal");
    const broken: unknown[] = [];
    const options = { sender: "signal", signer: rig.signer("signal"), keys: rig.keys, store, bus };
    const teller = new Teller({ ...options, nowMs: Date.now, onBroken: (error) => void broken.push(error) });
    await teller.load();
    for (let n = 0; n < COUNT; n++) {
      const symbol = n % 3 === 0 ? "AAPL" : "SPX";
      const payload = create(SignalSchema, { symbol, strategy: `s${n}` });
      await teller.say({ kind: "publish", topic: TOPIC, key: symbol, type: "market.signal", payload, intent: "TEST" });
    }
    await expect.poll(async () => (await store.unpublished("publish")).length, { timeout: 20_000 }).toBe(0);
    await teller.close(1_000);
    const before = await onTopic();
    expect([...before.values()].reduce((sum, { length }) => sum + length, 0)).toBe(COUNT);

    expect(await republish(dir, {})).toEqual([{ agent: "signal", topic: TOPIC, records: COUNT }]);
    const after = await onTopic();
    for (const [key, records] of before) expect(after.get(key)).toEqual([...records, ...records]);
    expect(await republish(dir, { agent: "signal", topic: "audit.records.v1" })).toEqual([]);
    expect(await republish(dir, { since: new Date(Date.now() + 60_000).toISOString() })).toEqual([]);
    expect(broken).toEqual([]);
  });

  it("says in one line what it cannot do", async () => {
    await expect(republish(dir, { agent: "nobody" })).rejects.toThrow(
      "--agent nobody: no outbox is there of this name: signal",
    );
    await expect(republish(dir, { topic: "market.quotes.v1" })).rejects.toThrow(
      /^--topic market.quotes.v1: no record topic/,
    );
    await expect(republish(dir, { since: "yesterday" })).rejects.toThrow("--since yesterday: write a date or a time");
    await expect(republish(join(dir, "no"), {})).rejects.toThrow("no cluster is described there");
  });
});
