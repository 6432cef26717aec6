/** What a cluster keeps of its logs beside them, and logs that were put back to an earlier day. */
import type { EntryPosted } from "@countersign/contracts";
import { hex, sha256 } from "@countersign/envelope";
import {
  emptyHead,
  type LogName,
  logNames,
  MemoryQuorumLog,
  opIdsOf,
  type QuorumLog,
  readEntry,
  recordOf,
} from "@countersign/quorum";
import type { Kept } from "../src/edge/put-back.ts";
import type { World } from "./world.ts";

/** As the topics have it: what was announced, in the order in which it was, of one world or of several. */
export function keptOf(...worlds: readonly Pick<World, "published">[]): Kept {
  return async (log, afterSeq) =>
    worlds
      .flatMap(({ published }) => published)
      .filter(({ type }) => type === `${log}.entry`)
      .flatMap(({ payload, attached = [] }) => recordOf((payload as EntryPosted).entry!, attached) ?? [])
      .filter(({ seq }) => seq > afterSeq);
}

/** The logs as they were when they had so many entries. */
export async function asOf(log: QuorumLog, counts: Readonly<Record<LogName, number>>): Promise<MemoryQuorumLog> {
  const earlier = new MemoryQuorumLog();
  for (const name of logNames) {
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
