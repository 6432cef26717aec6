/**
 * One writer at a time, for an agent of which two would be one too many: Execution, which carries out what it has committed at a venue
 * that knows nothing of our store.
 *
 * 1. Who claims the store is written into it under the next number, and every commit names the number that it was made under, compared in
 *    its own transaction. So from a claim on nothing of an earlier writer is committed any more, however long it was frozen, cut off or
 *    slow.
 * 2. What an earlier writer has committed it may still carry out, outside of the store, and only while it knows itself to be the writer:
 *    within a lease from when it last asked the store, and was told so. Whoever comes after it waits as long before it believes that
 *    what is not to be found was never done. It is counted by the machine's clock and by the wall's, whichever has gone further: one of
 *    them stands still in a machine that is suspended.
 *
 * The number is kept as the head of a chain that no envelope is in: comparing it is what a commit does with chains anyway.
 */
import { setTimeout as wait } from "node:timers/promises";
import { type ChainRow, type Commit, type CommitResult, emptyCommit, type Store, StoreError } from "./store.ts";
import { isTransient } from "./transient.ts";

export interface Writer {
  /** Commits as this writer. What another claim has fenced off throws StoreError `STORE_FENCED`. */
  readonly store: Store;
  /** For so long from the claim on an earlier writer may still carry out what it has committed. */
  readonly earlierForMs: number;
  /** Whether this process may carry out anything outside of the store, now. */
  mayWrite(): boolean;
  /** Gives the right back: who comes next need not wait. */
  close(): Promise<void>;
}

export interface WriterOptions {
  /** Another process has claimed the store: this one has to end. */
  readonly onFenced: (error: unknown) => void;
  /** ms; the machine's, monotonic. */
  readonly machineMs?: () => number;
  /** ms */
  readonly wallMs?: () => number;
}

export const WRITER_LEASE_MS = 3_000;
const RENEW_MS = 1_000;

/** @throws what the store throws */
export async function claimWriter(store: Store, options: WriterOptions): Promise<Writer> {
  const { onFenced, machineMs = () => performance.now(), wallMs = () => Date.now() } = options;
  const lease = new Lease(machineMs, wallMs);
  const { seq, before } = await claim(store, lease);
  const own = (digest: Uint8Array, next = seq): Commit["chains"][number] => ({ ...ROW, was: seq, seq: next, digest });
  const commit = async (wanted: Commit): Promise<CommitResult> => {
    const asked = lease.ask();
    const chains = [...wanted.chains];
    chains.push(own(HELD)); // P06.fenced
    const result = await store.commit({ ...wanted, chains });
    if (result.kind === "conflict") await insistOnHead(store, seq);
    else asked();
    return result;
  };
  const stop = new AbortController();
  const renewing = (async () => {
    while (!stop.signal.aborted) {
      await wait(RENEW_MS, undefined, { signal: stop.signal, ref: false }).catch(() => {});
      if (stop.signal.aborted || lease.ageMs < RENEW_MS) continue;
      await commit(emptyCommit).catch((error: unknown) => {
        if (!isTransient(error)) onFenced(error);
      });
    }
  })();
  return {
    store: fenced(store, commit),
    earlierForMs: before === undefined || isSame(before.digest, RELEASED) ? 0 : WRITER_LEASE_MS,
    mayWrite: () => !stop.signal.aborted && lease.ageMs < WRITER_LEASE_MS,
    async close() {
      stop.abort();
      await renewing;
      // Where that fails, who comes next waits.
      await store.commit({ ...emptyCommit, chains: [own(RELEASED, seq + 1n)] }).catch(() => {});
    },
  };
}

async function claim(store: Store, lease: Lease): Promise<{ seq: bigint; before: ChainRow | undefined }> {
  for (;;) {
    const before = await headOf(store);
    const was = before?.seq ?? 0n;
    const asked = lease.ask();
    const result = await store.commit({ ...emptyCommit, chains: [{ ...ROW, was, seq: was + 1n, digest: HELD }] });
    if (result.kind !== "committed") continue; // somebody else claims it now, and is fenced off by us
    asked();
    return { seq: was + 1n, before };
  }
}

/** A conflict may be another's: of a timer, of a repetition. */
async function insistOnHead(store: Store, seq: bigint): Promise<void> {
  const head = await headOf(store);
  if (head?.seq === seq) return;
  throw new StoreError("STORE_FENCED", `another process has claimed this store: ${head?.seq}, and this one was ${seq}`);
}

async function headOf(store: Store): Promise<ChainRow | undefined> {
  return (await store.chains()).find(isOurs);
}

function fenced(store: Store, commit: Store["commit"]): Store {
  const campaign = store.campaign?.bind(store);
  return {
    commit,
    chains: async () => (await store.chains()).filter((row) => !isOurs(row)),
    load: (key, known) => store.load(key, known),
    list: () => store.list(),
    outcome: (msgId) => store.outcome(msgId),
    timers: (dueBeforeMs) => store.timers(dueBeforeMs),
    unpublished: (kind, limit) => store.unpublished(kind, limit),
    markPublished: (msgIds) => store.markPublished(msgIds),
    ...(campaign && { campaign }),
    read: (stream, after, limit) => store.read(stream, after, limit),
    journal: (after, limit) => store.journal(after, limit),
    snapshot: () => store.snapshot(),
  };
}

class Lease {
  readonly #machineMs: () => number;
  readonly #wallMs: () => number;
  #from = { machine: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY };

  constructor(machineMs: () => number, wallMs: () => number) {
    this.#machineMs = machineMs;
    this.#wallMs = wallMs;
  }

  get ageMs(): number {
    return Math.max(this.#machineMs() - this.#from.machine, this.#wallMs() - this.#from.wall);
  }

  /** It counts from the question, and only once that is answered. */
  ask(): () => void {
    const from = { machine: this.#machineMs(), wall: this.#wallMs() };
    return () => {
      if (from.machine > this.#from.machine) this.#from = from;
    };
  }
}

function isOurs({ topic }: Pick<ChainRow, "topic">): boolean {
  return topic === ROW.topic;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** No topic is called so. */
const ROW = { topic: "(writer)", key: "" } as const;
const HELD = new Uint8Array(32).fill(1);
const RELEASED = new Uint8Array(32);
