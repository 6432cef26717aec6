// On a broker of the test's own: an agent refuses what it cannot verify; put back, it is acted on, and once.
import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import type { Delivered } from "@countersign/bus";
import { KafkaBus } from "@countersign/bus/kafka";
import { Mode, SignalSchema } from "@countersign/contracts";
import { type KafkaCluster, kafka } from "@countersign/engines";
import { headersOf, openEnvelope } from "@countersign/envelope";
import { type Agent, Host, LocalRpc, MemoryStore, noView, WallLoop } from "@countersign/runtime";
import { canvasOf, openFence, Rig } from "@countersign/runtime/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Dlqs } from "./dlq.ts";
import { readThroughout } from "./read-throughout.ts";

const TOPIC = "signals.market.v1";
const DLQ = `${TOPIC}.counter.dlq`;
let cluster: KafkaCluster;
let bus: KafkaBus;

beforeAll(async () => {
  cluster = await kafka({ nodes: 1 });
  bus = new KafkaBus({ brokers: cluster.brokers, clientId: "test", replicas: 1, onError: () => {} });
  const topics = [TOPIC, "audit.records.v1"].map((topic) => ({ topic, partitions: 3 }));
  await bus.ensureTopics([...topics, { topic: DLQ, partitions: 1 }]);
});
afterAll(async () => {
  await bus?.close(1_000);
  await cluster?.[Symbol.asyncDispose]();
});

interface Count {
  readonly seen: number;
}

const counter: Agent<Count> = {
  canvas: canvasOf("counter", {
    observes: [{ topic: TOPIC, as: "group" }],
  }),
  keyOf: ({ kind }) => (kind === "message" ? "all" : undefined),
  initial: () => ({ seen: 0 }),
  decide: ({ seen }) => ({ state: { seen: seen + 1 }, effects: [] }),
  view: noView,
};

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await isSo()); await wait(20))
    if (Date.now() > end) throw new Error(`not yet: ${what}`);
}

async function everything(topic: string): Promise<Delivered[]> {
  const found: Delivered[] = [];
  await readThroughout(bus, { brokers: cluster.brokers, clientId: "test-look" }, topic, (records) => {
    found.push(...records);
  });
  return found;
}

it("what was refused is shown with its reason, put back byte for byte, and acted on once however often it is put back", async () => {
  const rig = await Rig.open(Date.now());
  rig.grant("counter", "decision.refused audit.records.v1");
  const store = new MemoryStore();
  const loop = new WallLoop({ onBroken: (error) => console.error(error) });
  const host = new Host({
    agent: counter,
    signer: rig.signer("counter"),
    keys: rig.keys,
    mode: Mode.REPLAY,
    store,
    bus,
    rpc: new LocalRpc(),
    fence: { state: () => openFence, onChange: () => {} },
    loop,
    fold: "together",
    onBroken: (error) => console.error(error),
  });
  await host.start();
  await using dlqs = new Dlqs(cluster);
  const seen = async () => ((await store.load("all")).state as Count | undefined)?.seen ?? 0;
  const say = async (symbol: string) => {
    const payload = create(SignalSchema, { symbol, strategy: "trend" });
    const { bytes, body } = rig.sealed({ sender: "friend", topic: TOPIC, key: symbol, type: "market.signal", payload });
    const headers = Object.fromEntries(
      Object.entries({ ...headersOf(body), "x-dlq-redriven": "7" }).map(([name, value]) => [
        name,
        [Buffer.from(value)],
      ]),
    );
    await bus.publish([{ topic: TOPIC, key: Buffer.from(symbol), value: bytes, headers }], { timeoutMs: 10_000 });
    return bytes;
  };
  const plain = ({ key, value, headers }: Pick<Delivered, "key" | "value" | "headers">) => ({
    key: Buffer.from(key).toString("hex"),
    value: Buffer.from(value).toString("hex"),
    headers: Object.entries(headers)
      .map(([name, values]) => [name, ...values.map((one) => Buffer.from(one).toString("hex"))].join(" "))
      .toSorted(),
  });
  try {
    expect([await dlqs.names(), await dlqs.used()]).toEqual([[DLQ], []]);
    expect(await dlqs.read(DLQ)).toEqual({ dlq: DLQ, waiting: [], redriven: [], foreign: 0 });

    // Nobody has granted the friend's key yet. A header of the mark's name does not make the letter a mark.
    const bytes = await say("AAPL");
    await say("MSFT");
    await until("both are refused", async () => (await dlqs.read(DLQ)).waiting.length === 2);
    expect(await dlqs.used()).toEqual([DLQ]);
    const { waiting } = await dlqs.read(DLQ);
    const facts = { dlq: DLQ, topic: TOPIC, group: "counter", code: "UNKNOWN_KEY" };
    const first = waiting.find(({ key }) => key === "AAPL");
    expect(waiting.map(({ key }) => key).toSorted()).toEqual(["AAPL", "MSFT"]);
    expect(first).toMatchObject(facts);
    expect(await seen()).toBe(0);

    const whole = await dlqs.show(DLQ, first!.offset);
    expect(Buffer.compare(whole.value, bytes)).toBe(0);
    await expect(dlqs.show(DLQ, 99n)).rejects.toMatchObject({ code: "BAD_OPTION" });

    rig.grant("friend", `market.signal ${TOPIC}`);
    const told: bigint[] = [];
    const again = () => dlqs.redrive(DLQ, [first!], (letters) => told.push(...letters.map(({ offset }) => offset)));
    await again();
    await until("it is acted on", async () => (await seen()) === 1);
    expect(told).toEqual([first!.offset]);
    const after = await dlqs.read(DLQ);
    expect([after.waiting, after.redriven].map((letters) => letters.map(({ key }) => key))).toEqual([
      ["MSFT"],
      ["AAPL"],
    ]);

    await again();
    await again();
    const records = (await everything(TOPIC)).filter(({ key }) => Buffer.from(key).toString() === "AAPL");
    expect(records).toHaveLength(4);
    expect(new Set(records.map((record) => JSON.stringify(plain(record)))).size).toBe(1);
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(1);
    // A new array: the signature is verified, not remembered.
    for (const { value } of records) expect(openEnvelope(new Uint8Array(value), rig.keys)).toMatchObject({ ok: true });
    await until("all four are read", async () => (await bus.lag("counter")).every((lag) => lag.records === 0n));
    expect(await seen()).toBe(1);
    expect(await dlqs.read(DLQ)).toMatchObject({ waiting: [{ key: "MSFT" }], redriven: [{ key: "AAPL" }], foreign: 0 });

    await bus.publish([{ topic: DLQ, key: Buffer.from("x"), value: Buffer.from("x"), headers: {} }], {
      timeoutMs: 10_000,
    });
    expect(await dlqs.read(DLQ)).toMatchObject({ foreign: 1 });
  } finally {
    await host.close();
    await loop.close();
  }
});
