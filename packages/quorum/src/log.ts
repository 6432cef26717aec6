/**
 * The QuorumLog port: order and durability for the two certified logs, and the memory of votes. It believes its callers, the validators,
 * who alone hold its credentials; readers believe the certificates. Adapters: `etcd/log.ts`, `local/postgres.ts`, `local/memory.ts`; one suite
 * (`conformance.ts`). Every method may reject with `QuorumError`.
 *
 * 1. An entry is appended by compare-and-set on the head, whole or not at all; seq counts from 1 without gaps.
 * 2. An op id stands in the logs once, as long as its entry: of the control log for ever. What must be once beyond that, an op id of a
 *    pruned entry or an execution, is for those who vote: the entry they judge follows the head they have folded, or is not appended.
 * 3. A validator has one vote per log, seq and round, and only for the entry behind the head, judged by the control log as it is now.
 */
import type { Head, LogName } from "./entry.ts";

export interface QuorumLog {
  /** For the operator's eyes: where the log is, and what fault it survives. */
  readonly status: string;
  /** Linearizable. `emptyHead` before the first entry. */
  head(log: LogName): Promise<Head>;
  append(append: Append): Promise<Appended>;
  /** Entries with seq > afterSeq, in order. */
  read(log: LogName, afterSeq: bigint, limit: number): Promise<readonly LogRecord[]>;
  recordVote(ballot: Ballot): Promise<Recorded>;
  find(opId: string): Promise<Place | undefined>;
  /** After an append of this process or, where the adapter can know, of another: the log and its new head's seq. Ends with what it returns. */
  watch(listener: Watcher): () => void;
  /** Ends what the log itself holds open. What it was opened with, such as a pool, stays its owner's. */
  close(): void;
}

export type Watcher = (log: LogName, seq: bigint) => void;

export interface Append {
  readonly log: LogName;
  /** The head before the entry; its seq is one more. */
  readonly expectedHead: Head;
  readonly entry: Uint8Array;
  readonly digest: Uint8Array;
  /** The certificate: serialised `Signed` votes. */
  readonly votes: readonly Uint8Array[];
  /** At most `OPS_MAX`. */
  readonly opIds: readonly string[];
  /** The validator that commits, and so publishes, the entry. */
  readonly committedBy: string;
}

export type Appended =
  | { readonly kind: "committed" }
  /** One of the op ids stands in a log; nothing was written. An earlier attempt of the caller may have put it there. */
  | { readonly kind: "already"; readonly opId: string; readonly place: Place }
  /** The head is another one; nothing was written: read it and vote again. */
  | { readonly kind: "conflict"; readonly head: Head };

export interface Place {
  readonly log: LogName;
  readonly seq: bigint;
}

export interface LogRecord {
  readonly seq: bigint;
  readonly entry: Uint8Array;
  readonly digest: Uint8Array;
  readonly votes: readonly Uint8Array[];
  readonly committedBy: string;
}

export interface Ballot {
  readonly log: LogName;
  /** That the entry follows. */
  readonly head: Head;
  readonly round: number;
  readonly validator: string;
  /** The end of the control log, by whose keys and epoch an entry of the ledger was judged. */
  readonly judgedBy?: Head;
  /** The entry's. */
  readonly digest: Uint8Array;
}

export type Recorded =
  /** The vote is this one, now or since before. */
  | { readonly kind: "recorded" }
  /** The validator has voted for another entry at this place, in this round. */
  | { readonly kind: "voted-otherwise"; readonly digest: Uint8Array }
  /** The head is another one; nothing was written. */
  | { readonly kind: "conflict"; readonly head: Head }
  /** The control log has gone on since it was judged by; nothing was written. */
  | { readonly kind: "outdated" };

/** Of one entry: etcd takes 128 operations in a transaction. */
export const OPS_MAX = 120;
