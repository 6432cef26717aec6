/**
 * What a cluster has done, as a folder that `audit verify`, `recompute-ledger` and a replay of the journals read alone, offline. Read from
 * its stores and topics while it may go on: what comes later is not in it.
 *
 *   audit.jsonl    the audit log as far as a majority of the validators has cosigned it, and that checkpoint
 *   tail.jsonl     records that were published since, and that nobody has signed for but their senders
 *   ledger.jsonl   every ledger entry with its postings and the identity
 *   journal.jsonl  what each decision saw: a replay needs the tail for the last of them
 *   market.jsonl   the market as it was published
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { JsonValue } from "@bufbuild/protobuf";
import { COSIGNED } from "@countersign/agent-compliance";
import { readLedger } from "@countersign/agent-validator";
import { exportAudit } from "@countersign/audit";
import type { Delivered } from "@countersign/bus";
import { type KafkaAddress, KafkaBus } from "@countersign/bus/kafka";
import { type Checkpoint, topics } from "@countersign/contracts";
import { envelopeToJson } from "@countersign/envelope";
import { openPool } from "@countersign/postgres";
import { openPostgresStore, type Store } from "@countersign/runtime";
import { AGENTS, modes } from "../agents.ts";
import { journalLines, jsonLines, leavesOf, writeLines } from "../store-lines.ts";
import { readRecord } from "../why/evidence.ts";
import { instruments } from "./agent.ts";
import { postgresUrl, readSpec } from "./cluster.ts";
import { kafkaOf } from "./credentials.ts";
import { openQuorumLog } from "./quorum-log.ts";
import { readAlone, readThroughout } from "./read-throughout.ts";

/** @throws InputError, BusError, PostgresError */
export async function exportCluster(dir: string, to: string): Promise<void> {
  const spec = readSpec(dir);
  const kafka = kafkaOf(dir, spec);
  const client = { ...kafka, clientId: "countersign-export" };
  mkdirSync(to, { recursive: true });
  await using pool = openPool(postgresUrl(dir), { max: 2, applicationName: client.clientId });
  const bus = new KafkaBus({ ...client, onError: () => {} });
  try {
    const last = await lastCosigned(kafka);
    const compliance = await openPostgresStore(pool, "compliance");
    const held = new Set<string>();
    const leaves = noting(held, leavesOf(compliance, last?.size ?? 0n));
    await writeLines(join(to, "audit.jsonl"), exportAudit(leaves, last?.note === undefined ? [] : [last.note]));
    const log = await openQuorumLog(dir, spec, pool);
    const genesis = Buffer.from(spec.genesis, "base64");
    const ledger = await readLedger({ log, genesis, mode: modes[spec.mode], instruments: instruments() }).finally(() =>
      log.close(),
    );
    await writeLines(join(to, "ledger.jsonl"), jsonLines(ledger));
    const stores: [string, Store][] = [];
    for (const name of AGENTS) stores.push([name, await openPostgresStore(pool, name)]);
    await writeLines(join(to, "journal.jsonl"), journalLines(stores));
    const market: JsonValue[] = [];
    for (const topic of MARKET)
      await readThroughout(bus, client, topic, (records) => {
        market.push(...records.map(({ value }) => envelopeToJson(value)));
      });
    await writeLines(join(to, "market.jsonl"), jsonLines(market));
    // Read last: whatever a decision above has read is on its topic by now.
    const tail: JsonValue[] = [];
    const take = (records: readonly Delivered[]) => {
      for (const { value } of records) {
        const msgId = readRecord(value)?.body.msgId;
        if (msgId !== undefined && held.size !== held.add(msgId).size) tail.push(envelopeToJson(value));
      }
    };
    await Promise.all(RECORD.map((topic) => readThroughout(bus, client, topic, take)));
    await writeLines(join(to, "tail.jsonl"), jsonLines(tail));
  } finally {
    await bus.close(0);
  }
}

/** The last checkpoint that a majority of the validators has cosigned, if there is one. @throws BusError */
export async function lastCosigned(kafka: KafkaAddress): Promise<Checkpoint | undefined> {
  const client = { ...kafka, clientId: "countersign-cosigned" };
  let last: Checkpoint | undefined;
  const take = (records: readonly Delivered[]) => {
    for (const { value } of records) {
      const said = readRecord(value);
      if (said?.body.intent === COSIGNED) last = (said.payload as Checkpoint | undefined) ?? last;
    }
  };
  await readAlone(client, "audit.checkpoint.v1", take);
  return last;
}

/** The same envelopes; their ids go into `held`. */
async function* noting(held: Set<string>, envelopes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of envelopes) {
    const msgId = readRecord(bytes)?.body.msgId;
    if (msgId !== undefined) held.add(msgId);
    yield bytes;
  }
}

/** What views fold. */
const MARKET = topics.filter(({ topic }) => topic.startsWith("market.")).map(({ topic }) => topic);
/** What becomes a leaf. */
const RECORD = topics.filter(({ delivery }) => delivery === "record").map(({ topic }) => topic);
