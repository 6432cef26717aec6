/**
 * That a record is in the log (c2sp.org/tlog-proof), and that a log has only grown since (as c2sp.org/tlog-witness is asked), for somebody
 * who has neither the log nor this program.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { BodySchema } from "@countersign/contracts";
import { leafHash } from "@countersign/merkle";
import { parseCheckpoint } from "./checkpoint.ts";
import { AuditError } from "./error.ts";
import { type AuditFile, type FileRecord, readAudit } from "./read.ts";

export type WhichRecord = { readonly index: number } | { readonly msgId: string };

export interface InclusionProof {
  readonly index: number;
  /** Size and root as the checkpoint says. */
  readonly size: number;
  readonly root: Uint8Array;
  /** The record: who gets the proof needs these very bytes. */
  readonly bodyBytes: Uint8Array;
  readonly leafHash: Uint8Array;
  /** From the leaf up. */
  readonly hashes: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
}

/**
 * Under the last checkpoint of the file. It proves nothing by being made: whoever gets it verifies the note and the path. Throws
 * `NO_SUCH_RECORD`, `BAD_LINE`.
 */
export function proveInclusion(lines: Iterable<string>, which: WhichRecord): InclusionProof {
  const file = readAudit(lines);
  const record = findRecord(file, which);
  const place = file.records.indexOf(record);
  const head = lastCheckpoint(file);
  if (head === undefined || place >= head.size)
    throw new AuditError("NO_SUCH_RECORD", `no checkpoint of the file covers record ${place}: export the log again`);
  const { size, root, checkpoint } = head;
  const hashes = file.tree.inclusionProof(place, size);
  const { bodyBytes } = record;
  return { index: place, size, root, bodyBytes, leafHash: leafHash(bodyBytes), hashes, checkpoint };
}

/** As a `.tlog-proof` file, which any tool of transparency logs checks, given the leaf's bytes and the log's key. */
export function formatProof({
  index,
  hashes,
  checkpoint,
}: Pick<InclusionProof, "index" | "hashes" | "checkpoint">): string {
  const path = hashes.map((hash) => `${Buffer.from(hash).toString("base64")}\n`).join("");
  return `c2sp.org/tlog-proof@v1\nindex ${index}\n${path}\n${checkpoint}`;
}

export interface ConsistencyProof {
  readonly firstSize: number;
  readonly firstRoot: Uint8Array;
  /** Size and root as the checkpoint says. */
  readonly size: number;
  readonly root: Uint8Array;
  readonly hashes: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
}

/** From the first `firstSize` records to the last checkpoint of the file. Throws `NO_SUCH_RECORD`, `BAD_LINE`. */
export function proveConsistency(lines: Iterable<string>, firstSize: number): ConsistencyProof {
  const file = readAudit(lines);
  const head = lastCheckpoint(file);
  if (head === undefined || !Number.isInteger(firstSize) || firstSize < 0 || firstSize > head.size)
    throw new AuditError(
      "NO_SUCH_RECORD",
      `no checkpoint of the file covers ${firstSize} records: the last is over ${head?.size ?? "none"}`,
    );
  const hashes = file.tree.consistencyProof(firstSize, head.size);
  return { firstSize, firstRoot: file.tree.root(firstSize), ...head, hashes };
}

/** As the body of C2SP's add-checkpoint, which any witness takes that has cosigned the first `firstSize` records. */
export function formatConsistency({
  firstSize,
  hashes,
  checkpoint,
}: Pick<ConsistencyProof, "firstSize" | "hashes" | "checkpoint">): string {
  const path = hashes.map((hash) => `${Buffer.from(hash).toString("base64")}\n`).join("");
  return `old ${firstSize}\n${path}\n${checkpoint}`;
}

function lastCheckpoint({ notes, records }: AuditFile) {
  const checkpoint = notes.at(-1)?.note ?? "";
  const head = parseCheckpoint(checkpoint.slice(0, checkpoint.lastIndexOf("\n\n") + 1));
  return head === undefined || head.size > records.length
    ? undefined
    : { size: head.size, root: head.root, checkpoint };
}

function findRecord({ records }: AuditFile, which: WhichRecord): FileRecord {
  const found = "index" in which ? records[which.index] : records.find((record) => msgIdOf(record) === which.msgId);
  if (found !== undefined) return found;
  const name = "index" in which ? `record ${which.index}` : `message ${which.msgId}`;
  throw new AuditError("NO_SUCH_RECORD", `the file has no ${name}: it has records 0 to ${records.length - 1}`);
}

function msgIdOf({ bodyBytes }: FileRecord): string | undefined {
  try {
    return fromBinary(BodySchema, bodyBytes).msgId;
  } catch {
    return undefined;
  }
}
