/** Restarts over a real broker: what is read again, and how long that takes. */
import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import type { Batch, Bus, Handler, OutRecord, SubscribeOptions } from "@countersign/bus";
import { KafkaBus } from "@countersign/bus/kafka";
import { Mode, QuoteSchema } from "@countersign/contracts";
import { deriveMsgId, sealBatch } from "@countersign/envelope";
import { afterEach, expect, inject, it } from "vitest";
import { type Agent, noView } from "./agent.ts";
import { Host } from "./host.ts";
import { MemoryStore } from "./memory/store.ts";
import { LocalRpc } from "./ports.ts";
import { canvasOf, openFence, Rig } from "./testing.ts";
import { WallLoop } from "./wall-loop.ts";

const TOPIC = "market.quotes.v1";
const SENDER = "friend";
const POLL = { timeout: 60_000, interval: 5 };

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The catalogue's topic under a name of this test's own, on the brokers that tests share. */
async function openBus(prefix: string): Promise<Bus> {
  const bus = new KafkaBus({ brokers: inject("kafka"), clientId: "resume", onError: () => {} });
  closing.push(() => bus.close(1_000));
  const own = (topic: string) => prefix + topic;
  await bus.ensureTopics([TOPIC, `${TOPIC}.reader.dlq`].map((topic) => ({ topic: own(topic), partitions: 1 })));
  const theirs = (batch: Batch): Batch => ({
    ...batch,
    topic: batch.topic.slice(prefix.length),
    records: batch.records.map((record) => ({ ...record, topic: record.topic.slice(prefix.length) })),
  });
  return {
    publish: (records, options) =>
      bus.publish(
        records.map((record) => ({ ...record, topic: own(record.topic) })),
        options,
      ),
    subscribe(options: SubscribeOptions, handler: Handler) {
      const positions = options.positions?.map((at) => ({ ...at, topic: own(at.topic) })) ?? [];
      const named = { ...options, topics: options.topics.map(own), positions };
      return bus.subscribe(named, (batch, signal) => handler(theirs(batch), signal));
    },
    ensureTopics: (wanted) => bus.ensureTopics(wanted),
    lag: (name) => bus.lag(name),
    close: (drainMs) => bus.close(drainMs),
  };
}

/** Quotes of one symbol, numbered from `from`. */
function quotes(rig: Rig, symbol: string, from: number, count: number): OutRecord[] {
  const payload = toBinary(QuoteSchema, create(QuoteSchema, { symbol }));
  const bodies = Array.from({ length: count }, (_, n) => {
    const msgId = deriveMsgId({ timeMs: 1, sender: SENDER, causationId: `${symbol} ${from + n}`, effectIndex: 0 });
    const ids = { msgId, correlationId: msgId, causationId: "", sender: SENDER, idempotencyKey: "", intent: "TEST" };
    const place = { topic: TOPIC, key: symbol, seq: BigInt(from + n) };
    return { ...ids, ...place, type: "market.quote", version: "v1", sentAtMs: 1n, ttlMs: 0, payload };
  });
  const batches = Array.from({ length: Math.ceil(count / 256) }, (_, n) => bodies.slice(256 * n, 256 * (n + 1)));
  return batches
    .flatMap((batch) => sealBatch(batch, rig.signer(SENDER)))
    .map(({ bytes, body }) => ({ topic: TOPIC, key: Buffer.from(body.key), value: bytes, headers: {} }));
}

async function publish(bus: Bus, records: readonly OutRecord[]): Promise<void> {
  for (let n = 0; n < records.length; n += 1_000)
    await expect
      .poll(() => bus.publish(records.slice(n, n + 1_000), { timeoutMs: 5_000 }).then(() => true), POLL)
      .toBe(true);
}

/** One life of an agent that counts what it folds. */
async function live(rig: Rig, bus: Bus, store: MemoryStore, resumes: boolean) {
  const folded: string[] = [];
  const agent: Agent<null, undefined> = {
    canvas: canvasOf("reader", {
      observes: [{ topic: TOPIC, as: "every" }],
    }),
    keyOf: () => undefined,
    initial: () => null,
    decide: (state) => ({ state, effects: [] }),
    view: { ...noView, fold: (_, { value, ref }) => void folded.push(`${value.symbol} ${ref.seq}`) },
  };
  const broken: unknown[] = [];
  const onBroken = (error: unknown) => void broken.push(error);
  const loop = new WallLoop({ onBroken });
  const fence = { state: () => openFence, onChange: () => {} };
  const common = { signer: rig.signer("reader"), keys: rig.keys, mode: Mode.REPLAY, rpc: new LocalRpc(), fence };
  const host = new Host({ agent, store, bus, loop, fold: "together", resumes, onBroken, ...common });
  const begun = performance.now();
  await host.start();
  const startedMs = performance.now() - begun;
  const close = async () => {
    await loop.close();
    await host.close();
    expect(broken).toEqual([]);
  };
  return { folded, host, close, startedMs, begun };
}

it("a restart reads what lies behind the snapshot, and not the 50,000 quotes before it", async () => {
  const rig = await Rig.open();
  rig.grant(SENDER, "market.quote market.quotes.v1");
  const [bus, store] = [await openBus(`resume-${randomUUID()}-`), new MemoryStore()];
  const records = quotes(rig, "A", 1, 50_100);
  await publish(bus, records.slice(0, 50_000));
  const first = await live(rig, bus, store, true);
  await expect.poll(() => first.folded.length, POLL).toBe(50_000);
  await first.host.tick();
  await first.close();
  await publish(bus, records.slice(50_000));
  const took: Record<string, string> = {};
  for (const resumes of [true, false]) {
    const again = await live(rig, bus, resumes ? store : new MemoryStore(), resumes);
    await expect.poll(() => again.folded.at(-1), POLL).toBe("A 50100");
    const ms = performance.now() - again.begun;
    took[resumes ? "from the snapshot" : "from the beginning"] =
      `${ms.toFixed(0)} ms, ${again.host.counts.deliveries} read`;
    expect(again.folded.length).toBe(resumes ? 100 : 50_100);
    await again.close();
  }
  console.log(`restart with 50,000 quotes: ${JSON.stringify(took)}`);
});

it("a log that is not the snapshot's is read from its beginning", async () => {
  const rig = await Rig.open();
  rig.grant(SENDER, "market.quote market.quotes.v1");
  const store = new MemoryStore();
  const bus = await openBus(`resume-${randomUUID()}-`);
  await publish(bus, quotes(rig, "A", 1, 5_100));
  const first = await live(rig, bus, store, true);
  await expect.poll(() => first.folded.length, POLL).toBe(5_100);
  await first.host.tick();
  await first.close();
  // As long as the old one, and shorter: there its offset is beyond the end.
  for (const length of [5_200, 40]) {
    const other = await openBus(`resume-${randomUUID()}-`);
    await publish(other, quotes(rig, "B", 1, length));
    const again = await live(rig, other, store, true);
    await expect.poll(() => again.folded.length, POLL).toBe(length);
    expect(new Set(again.folded).size).toBe(length);
    await again.close();
  }
});
