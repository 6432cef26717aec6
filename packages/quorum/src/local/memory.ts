/** The log in memory, for the simulator. */
import { emptyHead, type Head, type LogName, sameBytes, sameHead } from "../entry.ts";
import type { Append, Appended, Ballot, LogRecord, Place, QuorumLog, Recorded, Watcher } from "../log.ts";

export class MemoryQuorumLog implements QuorumLog {
  readonly status = "memory: lost with the process";
  readonly #records: Readonly<Record<LogName, LogRecord[]>> = { control: [], ledger: [] };
  readonly #ops = new Map<string, Place>();
  readonly #votes = new Map<string, Uint8Array>();
  readonly #listeners = new Set<Watcher>();

  async head(log: LogName): Promise<Head> {
    return this.#head(log);
  }

  async append({ log, expectedHead, opIds, ...record }: Append): Promise<Appended> {
    // Without an await between reading and writing: that makes it one step.
    const head = this.#head(log);
    const op = opIds.find((id) => this.#ops.has(id));
    if (op !== undefined) return { kind: "already", opId: op, place: this.#ops.get(op)! };
    if (!sameHead(head, expectedHead)) return { kind: "conflict", head };
    const place = { log, seq: head.seq + 1n };
    this.#records[log].push({ seq: place.seq, ...record });
    for (const id of opIds) this.#ops.set(id, place);
    for (const listener of this.#listeners) listener(log, place.seq);
    return { kind: "committed" };
  }

  async read(log: LogName, afterSeq: bigint, limit: number): Promise<readonly LogRecord[]> {
    return this.#records[log].slice(Number(afterSeq), Number(afterSeq) + limit);
  }

  async recordVote({ log, head, round, validator, digest, judgedBy }: Ballot): Promise<Recorded> {
    const now = this.#head(log);
    if (!sameHead(now, head)) return { kind: "conflict", head: now };
    if (judgedBy !== undefined && !sameHead(this.#head("control"), judgedBy)) return { kind: "outdated" };
    const key = `${log} ${head.seq + 1n} ${round} ${validator}`;
    const known = this.#votes.get(key) ?? digest;
    this.#votes.set(key, known);
    return sameBytes(known, digest) ? { kind: "recorded" } : { kind: "voted-otherwise", digest: known };
  }

  async find(opId: string): Promise<Place | undefined> {
    return this.#ops.get(opId);
  }

  watch(listener: Watcher): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** There is nothing to leave: who opens it again finds it as it is. */
  close(): void {}

  #head(log: LogName): Head {
    const last = this.#records[log].at(-1);
    return last === undefined ? emptyHead : { seq: last.seq, digest: last.digest };
  }
}
