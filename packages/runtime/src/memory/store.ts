/** The Store in memory: the simulator's, and the oracle of the Postgres one. State is kept as text, so nobody shares an object with it. */
import { decodeJson, encodeJson } from "../codec.ts";
import type {
  ChainRow,
  Commit,
  CommitResult,
  JournalRow,
  Loaded,
  OutboxRow,
  Outcome,
  SnapshotRow,
  Store,
  TimerRow,
} from "../store.ts";

export class MemoryStore implements Store {
  readonly #inbox = new Map<string, Outcome>();
  readonly #aggregates = new Map<string, { text: string; version: bigint }>();
  readonly #claims = new Map<string, string>();
  readonly #timers = new Map<string, TimerRow>();
  readonly #chains = new Map<string, ChainRow>();
  readonly #streams = new Map<string, Uint8Array[]>();
  readonly #outbox = new Map<string, OutboxRow>();
  /** Of every row that ever was in the outbox. */
  readonly #said = new Set<string>();
  readonly #journal: JournalRow[] = [];
  #snapshot: SnapshotRow | undefined;

  async load(key: string, known?: Loaded): Promise<Loaded> {
    const row = this.#aggregates.get(key);
    if (known !== undefined && known.version === row?.version) return known;
    return row === undefined
      ? { state: undefined, version: 0n }
      : { state: decodeJson(row.text), version: row.version };
  }

  async list(): Promise<readonly (Loaded & { key: string })[]> {
    const rows = [...this.#aggregates].filter(([, row]) => row.text !== "null").sort(([a], [b]) => (a < b ? -1 : 1));
    return rows.map(([key, row]) => ({ key, state: decodeJson(row.text), version: row.version }));
  }

  async outcome(msgId: string): Promise<Outcome | undefined> {
    return this.#inbox.get(msgId);
  }

  async commit(commit: Commit): Promise<CommitResult> {
    const refusal = this.#refusal(commit);
    if (refusal !== undefined) return refusal;
    for (const { msgId, digest, answer } of commit.inbox) this.#inbox.set(msgId, { digest, answer });
    for (const { id, by } of commit.claims) this.#claims.set(id, by);
    for (const id of commit.cancelledTimers) this.#timers.delete(id);
    for (const timer of commit.timers)
      this.#timers.set(timer.id, { ...timer, data: decodeJson(encodeJson(timer.data)) });
    for (const { topic, key, seq, digest } of commit.chains)
      this.#chains.set(chainKey(topic, key), { topic, key, seq, digest });
    for (const { stream, bytes } of commit.appends) this.#stream(stream).push(bytes);
    for (const row of commit.outbox) {
      this.#outbox.set(row.msgId, row);
      this.#said.add(row.msgId);
    }
    for (const { entry } of commit.journal) this.#journal.push({ n: BigInt(this.#journal.length + 1), entry });
    for (const msgId of commit.published) this.#outbox.delete(msgId);
    if (commit.snapshot !== undefined) this.#snapshot = commit.snapshot;
    const { aggregate } = commit;
    if (aggregate === undefined) return { kind: "committed", version: 0n };
    const version = aggregate.version + 1n;
    this.#aggregates.set(aggregate.key, { text: encodeJson(aggregate.state), version });
    return { kind: "committed", version };
  }

  #refusal(commit: Commit): CommitResult | undefined {
    for (const { msgId } of commit.inbox) {
      const outcome = this.#inbox.get(msgId);
      if (outcome !== undefined) return { kind: "duplicate", msgId, outcome }; // P06.memory
    }
    for (const { id } of commit.claims) {
      const by = this.#claims.get(id);
      if (by !== undefined) return { kind: "claimed", id, by };
    }
    const { aggregate } = commit;
    if (aggregate !== undefined && (this.#aggregates.get(aggregate.key)?.version ?? 0n) !== aggregate.version) {
      return { kind: "conflict", on: `aggregate ${aggregate.key}` };
    }
    for (const { topic, key, was } of commit.chains) {
      if ((this.#chains.get(chainKey(topic, key))?.seq ?? 0n) !== was)
        return { kind: "conflict", on: `chain ${topic} ${key}` };
    }
    const lengths = new Map<string, number>();
    for (const { stream, seq } of commit.appends) {
      const length = lengths.get(stream) ?? this.#stream(stream).length;
      if (seq !== BigInt(length + 1)) return { kind: "conflict", on: `stream ${stream}` };
      lengths.set(stream, length + 1);
    }
    if (commit.outbox.some(({ msgId }) => this.#said.has(msgId))) return { kind: "conflict", on: "outbox" };
    return undefined;
  }

  #stream(name: string): Uint8Array[] {
    const stream = this.#streams.get(name);
    if (stream !== undefined) return stream;
    const created: Uint8Array[] = [];
    this.#streams.set(name, created);
    return created;
  }

  async chains(): Promise<readonly ChainRow[]> {
    return [...this.#chains.values()];
  }

  async timers(dueBeforeMs = Number.POSITIVE_INFINITY): Promise<readonly TimerRow[]> {
    const rows = [...this.#timers.values()].filter(({ dueMs }) => dueMs < dueBeforeMs);
    return rows.sort((a, b) => a.dueMs - b.dueMs || (a.id < b.id ? -1 : 1));
  }

  async unpublished(kind: OutboxRow["kind"], limit?: number): Promise<readonly OutboxRow[]> {
    return [...this.#outbox.values()].filter((row) => row.kind === kind).slice(0, limit);
  }

  async markPublished(msgIds: readonly string[]): Promise<void> {
    for (const msgId of msgIds) this.#outbox.delete(msgId);
  }

  async read(stream: string, after: bigint, limit: number): Promise<readonly { seq: bigint; bytes: Uint8Array }[]> {
    const from = Number(after);
    return (this.#streams.get(stream) ?? [])
      .slice(from, from + limit)
      .map((bytes, n) => ({ seq: BigInt(from + n + 1), bytes }));
  }

  async journal(after: bigint, limit: number): Promise<readonly JournalRow[]> {
    return this.#journal.slice(Number(after), Number(after) + limit);
  }

  async snapshot(): Promise<SnapshotRow | undefined> {
    return this.#snapshot;
  }
}

function chainKey(topic: string, key: string): string {
  return `${topic} ${key}`;
}
