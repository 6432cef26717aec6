/**
 * Quotes through three real brokers, two ways in the same run: bare kafkajs moving their bytes, and the platform, which seals them before
 * and opens, checks and decodes each one behind. Both write batches of 256, wait for all replicas, and read in the same process.
 */

import { readFileSync } from "node:fs";
import { type MarketEvent, Sealer } from "@countersign/agent-market";
import { KafkaBus } from "@countersign/bus/kafka";
import { KeyPurpose, Mode } from "@countersign/contracts";
import { Keyring } from "@countersign/envelope";
import { parseInstruments } from "@countersign/orders";
import { cloneFile, ReplayKeys, simulateDay } from "@countersign/platform";
import { admit } from "@countersign/runtime";
import { Kafka, logLevel } from "kafkajs";
import { grant } from "../../platform/src/keys.ts";

const BATCH = 256;
const TOPIC = "market.quotes.v1";

export interface Throughput {
  readonly quotes: number;
  readonly bytesEach: number;
  /** Records a second, of each round. */
  readonly bare: readonly number[];
  readonly signed: readonly number[];
}

export async function measureThroughput(
  brokers: readonly string[],
  { quotes = 40_000, rounds = 3 }: { readonly quotes?: number; readonly rounds?: number } = {},
): Promise<Throughput> {
  const signers = new ReplayKeys("bench");
  const signer = signers.signer("market", KeyPurpose.ENVELOPE);
  const keys = new Keyring();
  const says = [{ type: "market.quote", topic: TOPIC }];
  const nowMs = Date.now();
  keys.grant(grant(signers, { sender: "market", purpose: KeyPurpose.ENVELOPE, mode: Mode.PAPER, says, fromMs: 0 }));
  const instruments = parseInstruments(JSON.parse(readFileSync(cloneFile("markets/instruments.json"), "utf8")));
  const events: MarketEvent[] = [];
  for (const event of simulateDay({ seed: 1n, startMs: nowMs, instruments, quotesPerSymbol: quotes / 2 }))
    if (event.kind === "quote") events.push({ ...event, timeMs: nowMs });
  const sealed = new Sealer(signer, instruments).seal(events.slice(0, BATCH)).map(({ bytes }) => bytes);
  const [bare, signed]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    bare.push(await bareKafka(brokers, `bench.bare.${nowMs}.${round}`, events, sealed));
    const topic = `bench.signed.${nowMs}.${round}`;
    signed.push(await platform(brokers, topic, events, () => new Sealer(signer, instruments), keys));
  }
  const bytesEach = sealed.reduce((sum, { length }) => sum + length, 0) / sealed.length;
  return { quotes: events.length, bytesEach, bare, signed };
}

async function bareKafka(
  brokers: readonly string[],
  topic: string,
  events: readonly MarketEvent[],
  sealed: readonly Uint8Array[],
): Promise<number> {
  const kafka = new Kafka({ brokers: [...brokers], clientId: "bench-bare", logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 2, replicationFactor: 3 }], waitForLeaders: true });
  await admin.disconnect();
  const consumer = kafka.consumer({ groupId: topic });
  const producer = kafka.producer({ allowAutoTopicCreation: false, maxInFlightRequests: 1 });
  await Promise.all([consumer.connect(), producer.connect()]);
  await consumer.subscribe({ topic, fromBeginning: true });
  let read = 0;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      read += batch.messages.length;
      if (read >= events.length) resolve();
    },
  });
  const started = performance.now();
  for (let at = 0; at < events.length; at += BATCH) {
    const messages = events
      .slice(at, at + BATCH)
      .map(({ symbol }, n) => ({ key: symbol, value: Buffer.from(sealed[n % sealed.length]!) }));
    await producer.send({ topic, acks: -1, messages });
  }
  await done;
  const rate = events.length / ((performance.now() - started) / 1_000);
  await Promise.all([consumer.disconnect(), producer.disconnect()]);
  return rate;
}

async function platform(
  brokers: readonly string[],
  topic: string,
  events: readonly MarketEvent[],
  open: () => Sealer,
  keys: Keyring,
): Promise<number> {
  const bus = new KafkaBus({ brokers, clientId: "bench-signed", onError: () => {} });
  await bus.ensureTopics([{ topic, partitions: 2 }]);
  let read = 0;
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  await bus.subscribe(
    {
      topics: [topic],
      as: { kind: "every", name: "bench" },
      from: "earliest",
      maxInFlightBytes: 8_000_000,
      maxProcessingMs: 30_000,
    },
    ({ records }) => {
      for (const { value, key } of records) {
        const delivery = { bytes: value, topic: TOPIC, recordKey: Buffer.from(key).toString(), headers: undefined };
        const admitted = admit(delivery, keys, Mode.PAPER, Date.now());
        if (!admitted.ok) reject(new Error(`a sealed quote is refused: ${admitted.code}`));
      }
      read += records.length;
      if (read >= events.length) resolve();
      return { through: records.at(-1)!.offset };
    },
  );
  const sealer = open();
  const started = performance.now();
  for (let at = 0; at < events.length; at += BATCH) {
    const records = sealer
      .seal(events.slice(at, at + BATCH))
      .map(({ key, bytes }) => ({ topic, key: Buffer.from(key), value: bytes, headers: {} }));
    await bus.publish(records, { timeoutMs: 30_000 });
  }
  await done;
  const rate = events.length / ((performance.now() - started) / 1_000);
  await bus.close(0);
  return rate;
}
