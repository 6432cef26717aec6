/**
 * The Store port: where an agent's state lives, and the one transaction in which a decision happens. Two adapters, `postgres/` and
 * `memory/`, one suite (`store-conformance.ts`).
 */
export interface Store {
  /**
   * The aggregate and the version its next commit must name; version 0 and no state when there is none. `known`: what the caller has of
   * it from before, handed back itself if it is still so: a state is read and decoded only when somebody else has changed it.
   */
  load(key: string, known?: Loaded): Promise<Loaded>;
  /** Every aggregate that is not closed (state not null), in key order. */
  list(): Promise<readonly (Loaded & { readonly key: string })[]>;
  /** What a message led to, if it was acted on before. */
  outcome(msgId: string): Promise<Outcome | undefined>;
  commit(commit: Commit): Promise<CommitResult>;
  /** Heads of the chains this agent writes: per (topic, key). */
  chains(): Promise<readonly ChainRow[]>;
  /** The earliest first; with `dueBeforeMs`, those due before it alone. */
  timers(dueBeforeMs?: number): Promise<readonly TimerRow[]>;
  /** Committed and not yet marked as published, the first `limit` in commit order. */
  unpublished(kind: OutboxRow["kind"], limit?: number): Promise<readonly OutboxRow[]>;
  markPublished(msgIds: readonly string[]): Promise<void>;
  /** Stands for the leadership of the replicas' relays. Missing where a store has one user: that one leads. */
  campaign?(on: LeaderEvents): Campaign;
  /** Rows of a stream with seq > after, in order. */
  read(
    stream: string,
    after: bigint,
    limit: number,
  ): Promise<readonly { readonly seq: bigint; readonly bytes: Uint8Array }[]>;
  journal(after: bigint, limit: number): Promise<readonly JournalRow[]>;
  snapshot(): Promise<SnapshotRow | undefined>;
}

export interface Loaded {
  readonly state: unknown;
  readonly version: bigint;
}

export interface Outcome {
  /** SHA-256 of the body that was acted on: another one under the same id is no repetition but a conflict. */
  readonly digest: Uint8Array;
  /** The sealed answer, for a call. */
  readonly answer: Uint8Array | undefined;
}

export interface Commit {
  readonly inbox: readonly {
    readonly msgId: string;
    readonly digest: Uint8Array;
    readonly answer: Uint8Array | undefined;
  }[];
  /** Compare-and-set on the version; state undefined leaves the aggregate alone. */
  readonly aggregate: { readonly key: string; readonly version: bigint; readonly state: unknown } | undefined;
  readonly claims: readonly { readonly id: string; readonly by: string }[];
  readonly timers: readonly TimerRow[];
  readonly cancelledTimers: readonly string[];
  readonly journal: readonly Omit<JournalRow, "n">[];
  readonly outbox: readonly OutboxRow[];
  /** Compare-and-set: `was` must still be the chain's seq. */
  readonly chains: readonly (ChainRow & { readonly was: bigint })[];
  readonly appends: readonly { readonly stream: string; readonly seq: bigint; readonly bytes: Uint8Array }[];
  readonly snapshot: SnapshotRow | undefined;
  /** Outbox rows that have been published since the last commit: marked in passing, to spare a round trip each. */
  readonly published: readonly string[];
}

export type CommitResult =
  | { readonly kind: "committed"; readonly version: bigint }
  /** A message of the inbox was acted on before; nothing was written. */
  | { readonly kind: "duplicate"; readonly msgId: string; readonly outcome: Outcome }
  /** A claim was taken before, by `by`; nothing was written. */
  | { readonly kind: "claimed"; readonly id: string; readonly by: string }
  /** Another replica was faster on the aggregate, a chain or a stream; nothing was written: load and decide again. */
  | { readonly kind: "conflict"; readonly on: string };

export interface ChainRow {
  readonly topic: string;
  readonly key: string;
  readonly seq: bigint;
  /** SHA-256 of the body at `seq`. */
  readonly digest: Uint8Array;
}

export interface TimerRow {
  readonly id: string;
  readonly key: string;
  readonly dueMs: number;
  readonly data: unknown;
  readonly correlationId: string;
}

export interface OutboxRow {
  readonly msgId: string;
  readonly kind: "publish" | "call";
  /** The topic, or the call and its server as "Service.Method@server". */
  readonly topic: string;
  readonly key: string;
  /** In its (topic, key) chain; a call is in none. */
  readonly seq: bigint | undefined;
  /** The sealed envelope. */
  readonly bytes: Uint8Array;
  /** For a call: the effect's id, and the aggregate that waits for the answer. */
  readonly callId: string | undefined;
}

/** Of the replicas over one store at most one leads, and it alone brings the outbox to the bus. */
export interface Campaign {
  /** Tells whoever leads that there are new rows: to be called by who does not lead, after a commit. */
  tell(): void;
  /** Steps down; another replica may lead at once. */
  close(): Promise<void>;
}

export interface LeaderEvents {
  onWon(): void;
  /** Another may lead already. */
  onLost(): void;
  /** Another replica has written rows. */
  onTold(): void;
  /** From time to time, whoever leads. */
  onBacklog(backlog: Backlog): void;
  /** An invariant is broken; the campaign is over. */
  onBroken(error: unknown): void;
}

/** What is committed and not marked as published. */
export interface Backlog {
  /** Counted up to BACKLOG_MAX. */
  readonly rows: number;
  /** Of the oldest row, s. */
  readonly ageSeconds: number;
}

/** Rows waiting for the bus, above which no new input is taken. */
export const BACKLOG_MAX = 2_000;

export interface JournalRow {
  readonly n: bigint;
  /** JSON, see journal.ts. */
  readonly entry: string;
}

export interface SnapshotRow {
  /** JSON: positions and the view's snapshot. */
  readonly json: string;
}

/** A store that holds nothing yet: what every field of an empty commit is. */
export const emptyCommit: Commit = {
  inbox: [],
  aggregate: undefined,
  claims: [],
  timers: [],
  cancelledTimers: [],
  journal: [],
  outbox: [],
  chains: [],
  appends: [],
  snapshot: undefined,
  published: [],
};

export class StoreError extends Error {
  /** `STORE_FENCED`: another process is the writer now (single-writer.ts). */
  readonly code: "STORE_CONTENDED" | "STORE_CORRUPT" | "STORE_FENCED";

  constructor(code: StoreError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.code = code;
  }
}
