/**
 * What the log's servers have forgotten, found and written again: servers that were restored from a snapshot end where that was taken, and
 * a halt may be in what they lack. The log gives order, and votes authority: what is certified and follows the log's end may stand there,
 * whoever keeps it.
 *
 * `Logs.open` asks for it, folds all of it, and writes none of it unless that reaches as far as this validator has ever seen.
 */
import {
  type Head,
  type LogName,
  type LogRecord,
  type Members,
  opIdsOf,
  positionOf,
  type QuorumLog,
  readEntry,
  sameBytes,
  verifyCertificate,
  votesOf,
} from "@countersign/quorum";
import { corrupt } from "./log-corrupt.ts";

/** Entries with seq > afterSeq as somebody keeps them, in any order, believed by nobody yet: topics have all that was ever announced. */
export type Kept = (log: LogName, afterSeq: bigint) => Promise<readonly LogRecord[]>;

type CertificateReading = Parameters<typeof verifyCertificate>[3];

/**
 * The record that is certified at the place behind `after`; undefined when there is none.
 * @throws LogCorrupt FORK where two are: a key that what is missing revokes could have signed one, and nobody chooses between two pasts
 */
export function certifiedNext(
  log: LogName,
  records: readonly LogRecord[],
  after: Head,
  members: Members,
  reading: CertificateReading,
): LogRecord | undefined {
  const certified = records.filter((record) => {
    const entry = readEntry(record.entry);
    if (entry?.log !== log || positionOf(entry, after) !== "next") return false;
    const uncertified = verifyCertificate(record.entry, votesOf(record), members, reading);
    if (uncertified !== undefined) return false; // P04.kept
    return true;
  });
  const [first] = certified;
  const isOne = certified.every(({ digest }) => first !== undefined && sameBytes(digest, first.digest));
  if (!isOne) throw corrupt(log, after.seq + 1n, "FORK"); // P04.two-pasts
  return first;
}

/**
 * Writes the records behind `end`, where the log ends. Another validator may do the same meanwhile: what it has written is left.
 * @throws LogCorrupt FORK where the log has another entry, QuorumError
 */
export async function putBack(log: QuorumLog, name: LogName, end: Head, records: readonly LogRecord[]): Promise<void> {
  let at = end;
  for (const { seq, digest, entry: bytes, votes, committedBy } of records) {
    const entry = readEntry(bytes);
    if (entry === undefined || positionOf(entry, at) !== "next") throw corrupt(name, seq, "FORK");
    const facts = { entry: bytes, digest, votes, opIds: opIdsOf(entry), committedBy };
    const appended = await log.append({ log: name, expectedHead: at, ...facts });
    // So far the log has come by another's hand; an op id of this entry that stands at another place is of another past.
    const reached = appended.kind === "conflict" ? appended.head.seq : seq;
    const isElsewhere = appended.kind === "already" && (appended.place.log !== name || appended.place.seq !== seq);
    if (reached < seq || isElsewhere) throw corrupt(name, seq, "FORK");
    at = { seq, digest };
  }
  const head = await log.head(name);
  if (head.seq === at.seq && !sameBytes(head.digest, at.digest)) throw corrupt(name, at.seq, "FORK");
}
