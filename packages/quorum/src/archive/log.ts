/**
 * The logs as a validator has them: on etcd, which keeps the last of the ledger's entries, and behind them its own archive, which has all.
 * Who reads does not see where one ends and the other begins.
 *
 * etcd forgets an entry when it stands in the archive of each validator: an archive that lags keeps etcd from forgetting, and one that is
 * lost is made again from what another has. That a fill, and a proposal, is booked once for ever rests on the validators, who fold the
 * log from its first entry before they vote.
 */
import { type Head, type LogName, readEntry, sameBytes } from "../entry.ts";
import { QuorumError } from "../error.ts";
import { EtcdError } from "../etcd/client.ts";
import { type EtcdQuorumLog, quorumError } from "../etcd/log.ts";
import {
  type Append,
  type Appended,
  type Ballot,
  type LogRecord,
  OPS_MAX,
  type Place,
  type QuorumLog,
  type Recorded,
  type Watcher,
} from "../log.ts";
import { opIdsOf } from "../propose.ts";
import type { Archive } from "./archive.ts";

export interface ArchivedLogOptions {
  readonly log: EtcdQuorumLog;
  readonly archive: Archive;
  /** Entries that another validator has, with seq > afterSeq: for an archive that was lost. None: nobody answers. */
  readonly readElsewhere?: (afterSeq: bigint) => Promise<readonly LogRecord[]>;
}

export interface Keeping {
  /** Whose archive it is. */
  readonly validator: string;
  /** All of them: what one has not archived, stays. */
  readonly validators: readonly string[];
  /** As many entries etcd keeps at least, so that a start or a slow reader needs no archive. */
  readonly keep?: number;
}

export class ArchivedQuorumLog implements QuorumLog {
  readonly status: string;
  readonly #log: EtcdQuorumLog;
  readonly #archive: Archive;
  readonly #elsewhere: NonNullable<ArchivedLogOptions["readElsewhere"]>;
  /** How far the archive reaches, as etcd was told. */
  #said = -1n;

  constructor({ log, archive, readElsewhere = async () => [] }: ArchivedLogOptions) {
    this.status = log.status;
    this.#log = log;
    this.#archive = archive;
    this.#elsewhere = readElsewhere;
  }

  head(log: LogName): Promise<Head> {
    return this.#log.head(log);
  }

  append(append: Append): Promise<Appended> {
    return this.#log.append(append);
  }

  recordVote(ballot: Ballot): Promise<Recorded> {
    return this.#log.recordVote(ballot);
  }

  find(opId: string): Promise<Place | undefined> {
    return this.#log.find(opId);
  }

  watch(listener: Watcher): () => void {
    return this.#log.watch(listener);
  }

  close(): void {
    this.#log.close();
  }

  async read(log: LogName, afterSeq: bigint, limit: number): Promise<readonly LogRecord[]> {
    if (log === "control") return this.#log.read(log, afterSeq, limit);
    const records: LogRecord[] = [];
    const last = () => afterSeq + BigInt(records.length);
    while (records.length < limit) {
      const more = await this.#readOn(last(), limit - records.length);
      records.push(...more.records);
      if (more.isEnd) break;
    }
    return records;
  }

  /**
   * Writes the ledger's entries into the archive as far as this validator believes them, says so, and lets etcd forget what all have.
   * @param upTo the head of the ledger as it has verified it @throws QuorumError
   */
  async archive(upTo: Head, { validator, validators, keep = KEPT }: Keeping): Promise<void> {
    let { seq } = await this.#archive.head();
    while (seq < upTo.seq) {
      const records = await this.read("ledger", seq, Math.min(PAGE, Number(upTo.seq - seq)));
      const last = records.at(-1);
      if (last === undefined) return;
      if (last.seq === upTo.seq && !sameBytes(last.digest, upTo.digest))
        throw new QuorumError("LOG_CORRUPT", `entry ${last.seq} of the ledger log is another than before`);
      await this.#archive.add(records);
      ({ seq } = last);
    }
    try {
      await this.#sayAndForget(validator, validators, keep);
    } catch (error) {
      // What was not answered is said, or forgotten, the next time.
      if (error instanceof EtcdError) throw quorumError(error);
      throw error;
    }
  }

  // ── reading ──

  async #readOn(afterSeq: bigint, limit: number): Promise<{ records: readonly LogRecord[]; isEnd: boolean }> {
    const old = await this.#archive.read(afterSeq, Math.min(limit, PAGE));
    if (old.length > 0) return { records: old, isEnd: false };
    try {
      return { records: await this.#log.read("ledger", afterSeq, limit), isEnd: true };
    } catch (error) {
      if (!(error instanceof QuorumError) || error.code !== "LOG_PRUNED") throw error;
      // Archived by now, and forgotten in between; or this archive was lost, and another has it.
      if ((await this.#archive.head()).seq > afterSeq) return { records: [], isEnd: false };
      const records = await this.#elsewhere(afterSeq);
      if (records.length === 0) throw error;
      return { records: records.slice(0, limit), isEnd: false };
    }
  }

  // ── forgetting ──

  async #sayAndForget(validator: string, validators: readonly string[], keep: number): Promise<void> {
    const own = await this.#archive.head();
    const { retention } = this.#log;
    if (own.seq !== this.#said) await retention.say(validator, own);
    this.#said = own.seq;
    const archived = await retention.archived();
    const reach = validators.map((name) => archived.get(name)?.seq ?? 0n);
    const head = await this.#log.head("ledger");
    const least = [own.seq, head.seq - BigInt(Math.max(keep, 1)), ...reach].reduce((a, b) => (a < b ? a : b));
    for (let pruned = await retention.pruned(); pruned.seq < least; ) {
      const step = prunable(await this.#archive.read(pruned.seq, PAGE), least);
      if (step === undefined || !(await retention.prune(pruned, step.to, step.opIds))) return;
      pruned = step.to;
    }
  }
}

/** As many of the entries as go in one transaction, with all their op ids. */
function prunable(records: readonly LogRecord[], upToSeq: bigint) {
  const opIds: string[] = [];
  let to: Head | undefined;
  for (const record of records) {
    const own = opIdsOf(readEntry(record.entry) ?? { proposes: [] });
    if (record.seq > upToSeq || opIds.length + own.length > OPS_MAX) break;
    opIds.push(...own);
    to = { seq: record.seq, digest: record.digest };
  }
  return to && { to, opIds };
}

/** A day of a busy desk, in which each entry books one order. */
const KEPT = 1_000;
const PAGE = 256;
