/** Entries of the certified logs as the topics have them: all that were ever announced, for a validator whose log was put back. */
import { announcedOn, type Kept } from "@countersign/agent-validator";
import type { Delivered } from "@countersign/bus";
import type { KafkaAddress } from "@countersign/bus/kafka";
import { type LogRecord, recordOf } from "@countersign/quorum";
import { readPosted } from "../listeners.ts";
import { readAlone } from "./read-throughout.ts";

/**
 * Believed by nobody yet. Rejects with BusError while the brokers are away.
 * @param reader the process that asks: its groups begin with its name
 */
export function keptOnTopics(kafka: KafkaAddress, reader: string): Kept {
  return async (log, afterSeq) => {
    const group = `${reader}.kept`;
    const kept: LogRecord[] = [];
    const take = (records: readonly Delivered[]) => {
      for (const { value } of records) {
        const posted = readPosted(value);
        const record = posted && recordOf(posted.entry, posted.votes);
        if (record !== undefined && record.seq > afterSeq) kept.push(record);
      }
    };
    await readAlone({ ...kafka, clientId: group }, announcedOn[log], take, group);
    return kept;
  };
}
