/** Entries of the certified logs as the topics have them: all that were ever announced, for a validator whose log was put back. */
import { toBinary } from "@bufbuild/protobuf";
import type { Kept } from "@countersign/agent-validator";
import type { Delivered } from "@countersign/bus";
import { type KafkaAddress, KafkaBus } from "@countersign/bus/kafka";
import { SignedSchema } from "@countersign/contracts";
import { type LogName, type LogRecord, readEntry } from "@countersign/quorum";
import { readPosted } from "../listeners.ts";
import { readThroughout } from "./read-throughout.ts";

const TOPICS: Readonly<Record<LogName, string>> = { control: "control.halt.v1", ledger: "ledger.entries.v1" };

/**
 * Believed by nobody yet. Rejects with BusError while the brokers are away.
 * @param reader the process that asks: its groups begin with its name
 */
export function keptOnTopics(kafka: KafkaAddress, reader: string): Kept {
  return async (log, afterSeq) => {
    const client = { ...kafka, clientId: `${reader}.kept` };
    const bus = new KafkaBus({ ...client, onError: () => {} });
    const kept: LogRecord[] = [];
    const take = (records: readonly Delivered[]) => {
      kept.push(...records.flatMap(({ value }) => recordOf(value, log) ?? []).filter(({ seq }) => seq > afterSeq));
    };
    try {
      await readThroughout(bus, client, TOPICS[log], take, client.clientId);
    } finally {
      await bus.close(0);
    }
    return kept;
  };
}

function recordOf(value: Uint8Array, log: LogName): LogRecord | undefined {
  const posted = readPosted(value);
  const entry = posted && readEntry(posted.entry);
  if (entry?.log !== log) return undefined;
  const votes = (posted?.votes ?? []).map((vote) => toBinary(SignedSchema, vote));
  // Who committed it is not said: it was announced.
  return { seq: entry.seq, digest: entry.digest, entry: entry.bytes, votes, committedBy: "" };
}
