/** What a cluster keeps of its logs beside them, and logs that were put back to an earlier day. */
import { toBinary } from "@bufbuild/protobuf";
import { type EntryPosted, type Signed, SignedSchema } from "@countersign/contracts";
import { hex, sha256 } from "@countersign/envelope";
import {
  emptyHead,
  type LogName,
  type LogRecord,
  MemoryQuorumLog,
  opIdsOf,
  type QuorumLog,
  readEntry,
} from "@countersign/quorum";
import type { Kept } from "../src/edge/put-back.ts";
import type { World } from "./world.ts";

/** As the topics have it: what was announced, in the order in which it was. */
export function keptOf({ published }: Pick<World, "published">): Kept {
  return async (log, afterSeq) =>
    published.flatMap(({ type, payload, attached = [] }) => {
      const entry = type === `${log}.entry` ? readEntry((payload as EntryPosted).entry!) : undefined;
      if (entry === undefined || entry.seq <= afterSeq) return [];
      return [recordOf(entry.bytes, attached)];
    });
}

function recordOf(bytes: Uint8Array, votes: readonly Signed[]): LogRecord {
  const entry = readEntry(bytes);
  if (entry === undefined) throw new Error("these bytes are no entry");
  const { seq, digest } = entry;
  return { seq, digest, entry: bytes, votes: votes.map((vote) => toBinary(SignedSchema, vote)), committedBy: "" };
}

/** The logs as they were when they had so many entries. */
export async function asOf(log: QuorumLog, counts: Readonly<Record<LogName, number>>): Promise<MemoryQuorumLog> {
  const earlier = new MemoryQuorumLog();
  for (const name of ["control", "ledger"] as const) {
    let head = emptyHead;
    for (const { seq, ...record } of await log.read(name, 0n, counts[name])) {
      await earlier.append({ log: name, expectedHead: head, opIds: opIdsOf(readEntry(record.entry)!), ...record });
      head = { seq, digest: record.digest };
    }
  }
  return earlier;
}

/** The digest of each entry that stands there, as hex. */
export async function contentOf(log: QuorumLog): Promise<Readonly<Record<LogName, readonly string[]>>> {
  const of = async (name: LogName) => (await log.read(name, 0n, 1_000)).map(({ entry }) => hex(sha256(entry)));
  return { control: await of("control"), ledger: await of("ledger") };
}

/** One log, behind which another may be put. */
export function switchable(is: QuorumLog): QuorumLog & { is: QuorumLog } {
  return {
    is,
    status: is.status,
    head(log) {
      return this.is.head(log);
    },
    append(entry) {
      return this.is.append(entry);
    },
    read(...page) {
      return this.is.read(...page);
    },
    recordVote(ballot) {
      return this.is.recordVote(ballot);
    },
    find(opId) {
      return this.is.find(opId);
    },
    watch(listener) {
      return this.is.watch(listener);
    },
    close() {
      this.is.close();
    },
  };
}
