/** The ledger's past from another validator, for one whose archive was lost, or put back, and whose log has forgotten it. */
import { type LogRecord, QuorumError, recordOf } from "@countersign/quorum";
import type { LogReader } from "./log-reader.ts";

/** Entries with seq > afterSeq, as many as one answer has. @throws QuorumError when none of the others answers */
export async function readFromPeers(
  reader: LogReader,
  own: string,
  validators: readonly string[],
  afterSeq: bigint,
): Promise<readonly LogRecord[]> {
  for (const peer of validators.filter((name) => name !== own)) {
    const answer = await reader.ask(peer, "ledger", afterSeq);
    if (answer !== undefined && answer.entries.length > 0)
      return answer.entries.flatMap(({ entry, votes }) => recordOf(entry ?? new Uint8Array(), votes) ?? []);
  }
  throw new QuorumError(
    "LOG_UNREACHABLE",
    `${own} lacks the ledger after ${afterSeq}, and no other validator tells it`,
  );
}
