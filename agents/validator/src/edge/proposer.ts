/**
 * From a proposal to a certified entry in the log. What waits for the same log goes into one entry, each proposal whole; one that is in
 * the log already is left out and gets its first outcome. The compare-and-set on the head decides between rivals; who loses reads the
 * log and tries the next seq, or after a split vote the next round, with the same op ids.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { type ProposeResponse, ProposeResponseSchema, type Signed, SignedSchema } from "@countersign/contracts";
import { sha256 } from "@countersign/envelope";
import {
  buildEntry,
  type Entry,
  type Head,
  type LogName,
  OPS_MAX,
  type OpenedPropose,
  type QuorumLog,
} from "@countersign/quorum";
import { refuse, type ValidatorCode } from "../core/refusal.ts";
import { type BallotOptions, holdBallot } from "./ballot.ts";
import { Serial } from "./serial.ts";

export interface ProposerOptions extends BallotOptions {
  readonly name: string;
  readonly log: QuorumLog;
  /** Called for each entry this validator commits, in seq order, before its proposers are answered. */
  readonly onCommitted: (entry: Entry, votes: readonly Signed[]) => Promise<void>;
  /** An entry may be in the log, and nobody was told that it was committed: its answer was lost. */
  readonly onDoubt: () => void;
}

interface Waiting {
  readonly propose: OpenedPropose;
  readonly settle: (response: ProposeResponse) => void;
  readonly fail: (error: unknown) => void;
}

export class Proposer {
  readonly #o: ProposerOptions;
  readonly #waiting: Record<LogName, Waiting[]> = { control: [], ledger: [] };
  readonly #serial: Readonly<Record<LogName, Serial>> = { control: new Serial(), ledger: new Serial() };

  constructor(options: ProposerOptions) {
    this.#o = options;
  }

  /** The outcome: seq and digest of its entry, or the code and place that refused. The same however often it is asked. */
  propose(propose: OpenedPropose): Promise<ProposeResponse> {
    const { log } = propose;
    return new Promise((settle, fail) => {
      this.#waiting[log].push({ propose, settle, fail });
      void this.#serial[log].run(() => this.#takeWaiting(log));
    });
  }

  async #takeWaiting(log: LogName): Promise<void> {
    const batch = takeEntry(this.#waiting[log]);
    if (batch.length === 0) return;
    try {
      await this.#commit(log, batch);
    } catch (error) {
      for (const { fail } of batch) fail(error);
    }
  }

  async #commit(log: LogName, batch: readonly Waiting[]): Promise<void> {
    const { logs } = this.#o;
    let left = batch;
    let [seq, round] = [-1n, 0];
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      await logs.catchUp(log, { force: attempt > 0 });
      left = left.filter((waiting) => !this.#settleKnown(waiting));
      // The same proposal may wait twice; it goes into the entry once, and both get its outcome.
      const chosen = left.filter(
        ({ propose }, at) => left.findIndex((one) => one.propose.opId === propose.opId) === at,
      );
      const [first] = chosen;
      if (first === undefined) return;
      const head = logs.head(log);
      round = head.seq === seq ? round + 1 : 0;
      seq = head.seq;
      const envelopes = chosen.map(({ propose }) => propose.envelope.bytes);
      const tried = await this.#tryEntry(head, buildEntry(log, head, envelopes), round, chosen);
      if (tried.kind === "again") continue;
      if (tried.kind === "committed") {
        for (const waiting of left) this.#settleKnown(waiting);
        return;
      }
      // One bad proposal must not refuse the others.
      if (left.length === 1) return first.settle(refusal(first.propose, tried));
      for (const waiting of left) await this.#commit(log, [waiting]);
      return;
    }
    for (const { propose, settle } of left) settle(refusal(propose, RIVALS));
  }

  /** One round for one entry, and the commit of what it certifies. */
  async #tryEntry(head: Head, entry: Entry, round: number, chosen: readonly Waiting[]): Promise<Tried> {
    const [first] = chosen;
    if (first === undefined) throw new Error("broken invariant: an entry has a proposal");
    const outcome = await holdBallot(entry, round, first.propose.envelope.body, this.#o);
    if (outcome.kind === "split") return { kind: "again" };
    if (outcome.kind === "silent") return SILENCE;
    if (outcome.kind === "refused") return { ...outcome, place: "validator" };
    try {
      const appended = await this.#o.log.append({
        log: entry.log,
        expectedHead: head,
        entry: entry.bytes,
        digest: entry.digest,
        votes: outcome.votes.map((vote) => toBinary(SignedSchema, vote)),
        opIds: chosen.map(({ propose }) => propose.opId),
        committedBy: this.#o.name,
      });
      if (appended.kind !== "committed") return { kind: "again" };
      await this.#o.logs.adopt(entry, outcome.votes);
      await this.#o.onCommitted(entry, outcome.votes);
      return { kind: "committed" };
    } catch (error) {
      this.#o.onDoubt();
      throw error;
    }
  }

  #settleKnown({ propose, settle }: Waiting): boolean {
    const known = this.#o.logs.find(propose.opId);
    if (known === undefined) return false;
    const isSame = Buffer.compare(known.payloadDigest, sha256(propose.envelope.body.payload)) === 0;
    const { opId } = propose;
    const outcome = { opId, seq: known.place.seq, entryDigest: known.entryDigest };
    settle(isSame ? create(ProposeResponseSchema, outcome) : refusal(propose, CONFLICT));
    return true;
  }
}

/** From the first, what fits into one entry. One that is too large for company goes alone. */
function takeEntry(waiting: Waiting[]): Waiting[] {
  let count = 0;
  for (let bytes = 0; count < Math.min(waiting.length, OPS_MAX); count++) {
    bytes += waiting[count]!.propose.envelope.bytes.length;
    if (count > 0 && bytes > ENTRY_BYTES_MAX) break;
  }
  return waiting.splice(0, count);
}

type Tried = { readonly kind: "committed" } | { readonly kind: "again" } | Refused;

interface Refused {
  readonly kind: "refused";
  readonly code: string;
  readonly place: string;
  readonly text: string;
}

function refusal({ opId }: OpenedPropose, { code, place, text }: Refused): ProposeResponse {
  return create(ProposeResponseSchema, { opId, code, place, text });
}

const refused = (code: ValidatorCode, text: string): Refused => ({ kind: "refused", ...refuse(code, text) });
const SILENCE = refused("NO_QUORUM", "too few validators answered");
const RIVALS = refused("NO_QUORUM", "rivals were faster; ask again");
const CONFLICT = refused("CONFLICT", "the op id stands in the log with another content");

/** Of one entry's proposals: with its votes it stays below a request's 1.5 MiB in etcd. */
const ENTRY_BYTES_MAX = 1_000_000;
const ATTEMPTS_MAX = 16;
