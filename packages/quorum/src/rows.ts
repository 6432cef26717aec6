/** What both adapters on PostgreSQL, the local log and the archive, make of its rows and of its silence. */
import { PostgresError } from "@countersign/postgres";
import { QuorumError } from "./error.ts";
import type { LogRecord } from "./log.ts";

/** pg's Buffers, as what they are: the same bytes write themselves to JSON in another way. */
export const plain = (bytes: Uint8Array) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);

/** A row of its columns by the record's names. */
export function recordFrom({ seq, entry, digest, votes, committedBy }: LogRecord): LogRecord {
  return { seq, entry: plain(entry), digest: plain(digest), votes: votes.map(plain), committedBy };
}

/** @param what goes before the message @throws QuorumError LOG_UNREACHABLE when the connection is lost; what a statement gets wrong is thrown as it is */
export async function reached<T>(act: () => Promise<T>, what = ""): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    throw new QuorumError("LOG_UNREACHABLE", `${what}${error.message}`, { cause: error });
  }
}
