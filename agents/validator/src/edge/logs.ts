/**
 * Both logs as this validator has read them: the control log folded into fence and keys, the ledger into its books. It believes what is
 * certified and chained, and stops the process on anything else: the log's store has been tampered with, or one of us is wrong.
 */
import type { Mode, Signed } from "@countersign/contracts";
import { type Keys, sha256 } from "@countersign/envelope";
import {
  applyControl,
  type ControlState,
  type Entry,
  FenceReader,
  genesisDigest,
  type Head,
  type LogName,
  type LogRecord,
  logNames,
  type Members,
  openGenesis,
  type Place,
  peekPropose,
  positionOf,
  type QuorumLog,
  readEntry,
  rootedKeys,
  sameBytes,
  verifyCertificate,
  votesOf,
} from "@countersign/quorum";
import type { Draft, Evidence, LedgerProjection } from "../core/ledger.ts";
import { type LedgerLine, ledgerLine } from "../core/line.ts";
import { refuse, type ValidatorRefusal } from "../core/refusal.ts";
import { corrupt } from "./log-corrupt.ts";
import { certifiedNext, type Kept, putBack } from "./put-back.ts";
import { Serial } from "./serial.ts";

export interface LogsOptions {
  readonly log: QuorumLog;
  /** The serialised ProposeRequest of the genesis. */
  readonly genesis: Uint8Array;
  readonly mode: Mode;
  readonly ledger: LedgerProjection;
  readonly onLine?: ((line: LedgerLine) => void) | undefined;
}

export interface KnownOp {
  readonly place: Place;
  readonly entryDigest: Uint8Array;
  /** SHA-256 of the ProposeRequest. */
  readonly payloadDigest: Uint8Array;
}

/** What an entry makes of the log it is for. */
export type Examined =
  | { readonly ok: true; readonly log: "control"; readonly state: ControlState }
  | { readonly ok: true; readonly log: "ledger"; readonly draft: Draft };

export class Logs {
  readonly fence: FenceReader;
  /** Those of the control log; before its first entry those of the configured genesis. */
  readonly keys: Keys;
  readonly ledger: LedgerProjection;
  readonly #o: LogsOptions;
  readonly #serial = new Serial();
  readonly #ops = new Map<string, KnownOp>();
  readonly #genesis: Members;
  /** Of each log, the head that an earlier life of this validator has seen. */
  readonly #seen: Partial<Record<LogName, Head>> = {};
  /** Of each log, by seq, what was folded at the start and is not known to stand in it: an attempt to write it may have failed. */
  readonly #forgotten: Record<LogName, Map<bigint, LogRecord>> = { control: new Map(), ledger: new Map() };
  /** Of each log, the last seq that somebody has told of. */
  readonly #told: Record<LogName, bigint> = { control: 0n, ledger: 0n };
  /** The last entry of the ledger that was judged good, for when it is committed. */
  #draft: Draft | undefined;

  constructor(options: LogsOptions) {
    this.#o = options;
    this.ledger = options.ledger;
    this.fence = new FenceReader({ genesisDigest: genesisDigest(options.genesis) });
    const genesis = openGenesis(options.genesis);
    this.#genesis = genesis.facts.members;
    this.keys = rootedKeys(genesis, this.fence);
    options.log.watch((log, seq) => {
      this.#told[log] = seq;
    });
  }

  /** Who votes. */
  get members(): Members {
    return this.fence.members ?? this.#genesis;
  }

  head(log: LogName): Head {
    return log === "control" ? this.fence.head : this.ledger.head;
  }

  /** Before anything is read: a log that ends before this head, or has another entry there, has been put back. */
  sawBefore(log: LogName, head: Head): void {
    this.#seen[log] = head;
  }

  /**
   * Reads both logs, at the start of a life. What their servers have forgotten is put back, from this validator's archive and from `kept`.
   * @returns of each log, how many entries were put back
   * @throws LogCorrupt ROLLED_BACK where that does not reach as far as an earlier life has seen: to that log nothing was written
   */
  open(kept: Kept): Promise<Record<LogName, number>> {
    // Keys first: they verify what the ledger holds.
    return this.#serial.run(async () => ({
      control: await this.#open("control", kept),
      ledger: await this.#open("ledger", kept),
    }));
  }

  /** @throws LogCorrupt ROLLED_BACK where a log ends before what it had: its servers were put back under us, and the next life mends that */
  async checkEnds(): Promise<void> {
    for (const log of logNames) {
      const [own, told] = [this.head(log).seq, this.#told[log]];
      const seq = told > own ? told : own;
      const end = await this.#o.log.head(log);
      if (end.seq < seq) throw corrupt(log, seq, "ROLLED_BACK"); // P04.went-back
    }
  }

  /** Where an op id stands in the logs, as far as they were read. */
  find(opId: string): KnownOp | undefined {
    return this.#ops.get(opId);
  }

  /** Whether somebody has told of an entry that was not read yet. */
  isBehind(log: LogName): boolean {
    return this.#told[log] > this.head(log).seq;
  }

  /** Reads what was committed since. With `force` also when nobody said that there is something. */
  catchUp(log: LogName, { force = false } = {}): Promise<void> {
    return this.#serial.run(async () => {
      // Keys first: they verify what the ledger holds.
      for (const name of log === "ledger" ? logNames : (["control"] as const)) {
        if (force || this.isBehind(name)) await this.#readOn(name);
      }
    });
  }

  /** What the entry, which has to be the next, makes of its log, judged for a vote. Throws `LedgerBroken`. */
  examine(entry: Entry, evidence: Omit<Evidence, "keys" | "epoch">): Examined | ValidatorRefusal {
    if (entry.log === "control") {
      const applied = applyControl(this.fence.control(), entry);
      return applied.ok ? { ok: true, log: "control", state: applied.state } : refuse(applied.code);
    }
    const { epoch } = this.fence.control().fence;
    const draft = this.ledger.draft(entry, { ...evidence, keys: this.keys, epoch });
    if (!draft.ok) return draft;
    this.#draft = draft;
    return { ok: true, log: "ledger", draft };
  }

  /** An entry this validator has committed, whose votes it has verified one by one; perhaps it was read back since. */
  adopt(entry: Entry, votes: readonly Signed[]): Promise<void> {
    return this.#serial.run(async () => {
      if (this.head(entry.log).seq < entry.seq) this.#apply(entry, votes, true);
    });
  }

  async #readOn(log: LogName): Promise<void> {
    for (;;) {
      const records = await this.#o.log.read(log, this.head(log).seq, PAGE);
      for (const record of records) {
        const entry = readEntry(record.entry);
        if (entry?.log !== log) throw corrupt(log, record.seq, "BAD_ENTRY");
        this.#apply(entry, votesOf(record), false);
      }
      if (records.length < PAGE) break;
    }
  }

  async #open(log: LogName, kept: Kept): Promise<number> {
    let end: Head;
    do {
      await this.#readOn(log);
      end = await this.#o.log.head(log);
    } while (end.seq > this.head(log).seq);
    const seen = this.#seen[log];
    const isWhole = end.seq === this.head(log).seq && (seen === undefined || seen.seq <= end.seq);
    if (isWhole) return 0;
    await this.#foldForgotten(log, end, kept);
    if (seen !== undefined && this.head(log).seq < seen.seq) throw corrupt(log, seen.seq, "ROLLED_BACK"); // P04.rolled-back
    const lacking = [...this.#forgotten[log].values()].filter(({ seq }) => seq > end.seq);
    await putBack(this.#o.log, log, end, lacking);
    this.#forgotten[log].clear();
    return lacking.length;
  }

  /** What follows the end of the log's servers: read already, from an archive, or kept elsewhere. */
  async #foldForgotten(log: LogName, end: Head, kept: Kept): Promise<void> {
    const forgotten = this.#forgotten[log];
    const archived = await this.#o.log.read(log, end.seq, Number(this.head(log).seq - end.seq));
    for (const record of archived) forgotten.set(record.seq, record);
    const bySeq = Map.groupBy(await kept(log, this.head(log).seq), ({ seq }) => seq);
    for (;;) {
      const head = this.head(log);
      const reading = { keys: this.keys, mode: this.#o.mode };
      const next = certifiedNext(log, bySeq.get(head.seq + 1n) ?? [], head, this.members, reading);
      if (next === undefined) return;
      const entry = readEntry(next.entry);
      if (entry === undefined) throw new Error("broken invariant: what is certified is an entry");
      this.#apply(entry, votesOf(next), true);
      forgotten.set(entry.seq, next);
    }
  }

  #apply(entry: Entry, votes: readonly Signed[], isVerified: boolean): void {
    const seen = this.#seen[entry.log];
    const isOther = seen?.seq === entry.seq && !sameBytes(seen.digest, entry.digest);
    if (isOther) throw corrupt(entry.log, entry.seq, "FORK"); // P04.other-past
    if (entry.log === "control") {
      const applied = this.fence.apply(entry.bytes, votes);
      if (applied.kind === "refused") throw corrupt("control", entry.seq, applied.code);
    } else this.#applyToLedger(entry, votes, isVerified);
    for (const bytes of entry.proposes) {
      const { request, payload } = peekPropose(bytes) ?? {};
      if (request?.opId === undefined || payload === undefined) continue;
      const place = { log: entry.log, seq: entry.seq };
      this.#ops.set(request.opId, { place, entryDigest: entry.digest, payloadDigest: sha256(payload) });
    }
  }

  #applyToLedger(entry: Entry, votes: readonly Signed[], isVerified: boolean): void {
    const { mode, onLine } = this.#o;
    const position = positionOf(entry, this.ledger.head);
    if (position !== "next") throw corrupt("ledger", entry.seq, position); // P05.chain
    const reading = { keys: this.keys, mode };
    const uncertified = isVerified ? undefined : verifyCertificate(entry.bytes, votes, this.members, reading);
    if (uncertified !== undefined) throw corrupt("ledger", entry.seq, uncertified); // P04.validator
    const known = this.#draft !== undefined && Buffer.compare(this.#draft.entry.digest, entry.digest) === 0;
    const draft = known && this.#draft !== undefined ? this.#draft : this.ledger.draft(entry);
    this.#draft = undefined;
    if (!draft.ok) throw corrupt("ledger", entry.seq, draft.code);
    this.ledger.adopt(draft);
    onLine?.(ledgerLine(draft, votes));
  }
}

const PAGE = 256;
