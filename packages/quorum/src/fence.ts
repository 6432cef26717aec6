/**
 * A process's knowledge of the control log, from whatever brings it the entries: the log itself, a validator's answer, the topic. It
 * believes nobody: every entry must be the next of the chain, carry a certificate, and say what the fold accepts.
 *
 * 1. It never goes back behind a head it has seen, in this life or, told so by `sawBefore`, in an earlier one.
 * 2. It is born halted, and what it cannot verify opens nothing.
 * 3. Its freshness is machine time: when it last knew that its head was the log's.
 */
import type { FenceState, Signed } from "@countersign/contracts";
import type { Keys } from "@countersign/envelope";
import { type CertificateCode, type Members, verifyCertificate } from "./certificate.ts";
import { applyControl, bornHalted, type ControlCode, type ControlState } from "./control.ts";
import { type Entry, type Head, positionOf, readEntry, sameBytes } from "./entry.ts";

/**
 * - `WRONG_LOG`: not the control log
 * - `GAP`: entries between are missing: read the log
 * - `FORK`: another entry stands, or stood before, at this place
 * - the codes of certificate and fold
 */
export type FenceCode = "WRONG_LOG" | "GAP" | "FORK" | CertificateCode | ControlCode;

export type Applied =
  | { readonly kind: "applied" }
  /** Seen before, the same bytes. */
  | { readonly kind: "known" }
  | { readonly kind: "refused"; readonly code: FenceCode };

export interface FenceOptions {
  /** SHA-256 of the configured genesis, see `genesisDigest`. */
  readonly genesisDigest: Uint8Array;
}

export class FenceReader {
  #control: ControlState;
  readonly #born: FenceState;
  #seen: Head | undefined;
  readonly #digests: Uint8Array[] = [];
  readonly #listeners: (() => void)[] = [];
  #freshAtMachineMs: number | undefined;

  constructor({ genesisDigest }: FenceOptions) {
    this.#control = bornHalted(genesisDigest);
    this.#born = this.#control.fence;
  }

  /** A head that an earlier life of this process has seen: until it is reached again, the fence is the one of birth. */
  sawBefore(head: Head): void {
    this.#seen = head;
  }

  state(): FenceState {
    if (this.#isBehind()) return this.#born; // P04.behind
    return this.#control.fence;
  }

  /** Called after an entry was applied. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  control(): ControlState {
    return this.#control;
  }

  /** Those granted by the entries applied so far; always the present ones. */
  readonly keys: Keys = { find: (keyid) => this.#control.keys.find(keyid) };

  get members(): Members | undefined {
    return this.#control.genesis?.members;
  }

  get head(): Head {
    const { seq, digest } = this.#control.fence.head;
    return { seq, digest: Buffer.from(digest, "hex") };
  }

  /** Whether a certified resume has named this halt: it never latches again. */
  isReleased(haltId: string): boolean {
    return this.#control.fence.released.includes(haltId);
  }

  /** Verifies, then believes. What it refuses changes nothing. */
  apply(entryBytes: Uint8Array, votes: readonly Signed[]): Applied {
    const entry = readEntry(entryBytes);
    if (entry === undefined) return { kind: "refused", code: "BAD_ENTRY" };
    const wrong = this.#check(entry);
    if (wrong === "known") return { kind: "known" };
    if (wrong !== undefined) return { kind: "refused", code: wrong };
    const next = applyControl(this.#control, entry);
    if (!next.ok) return { kind: "refused", code: next.code };
    const { genesis, keys } = next.state;
    if (genesis === undefined) return { kind: "refused", code: "NOT_GENESIS" };
    // Votes are judged by the keys before the entry; the genesis brings its own.
    const voteKeys = this.#control.genesis === undefined ? keys : this.#control.keys;
    const reading = { keys: voteKeys, mode: genesis.mode };
    const uncertified = verifyCertificate(entryBytes, votes, genesis.members, reading);
    if (uncertified !== undefined) return { kind: "refused", code: uncertified }; // P04.control
    this.#control = next.state;
    this.#digests.push(entry.digest);
    for (const listener of this.#listeners) listener();
    return { kind: "applied" };
  }

  /** The log was read linearizably at this machine time and its head was `head`. False when it is not ours: read on. */
  confirm(head: Head, machineMs: number): boolean {
    const own = this.head;
    if (head.seq !== own.seq || !sameBytes(head.digest, own.digest)) return false; // P04.confirm
    this.#freshAtMachineMs = machineMs;
    return true;
  }

  /** Machine time of the last confirmation. */
  get freshAtMachineMs(): number | undefined {
    return this.#freshAtMachineMs;
  }

  /** Whether the quorum was heard within the lease. In a replay, where the fence is read at each step, nobody asks. */
  isFresh(nowMachineMs: number, leaseMs: number = LEASE_MS): boolean {
    if (this.#freshAtMachineMs === undefined || this.#isBehind()) return false;
    if (nowMachineMs - this.#freshAtMachineMs > leaseMs) return false; // P04.lease
    return true;
  }

  #check(entry: Entry): FenceCode | "known" | undefined {
    if (entry.log !== "control") return "WRONG_LOG";
    const position = positionOf(entry, this.head);
    if (position === "GAP" || position === "FORK") return position; // P04.chain
    if (position === "known") {
      const known = this.#digests[Number(entry.seq) - 1];
      return known !== undefined && sameBytes(known, entry.digest) ? "known" : "FORK";
    }
    if (entry.seq === this.#seen?.seq && !sameBytes(entry.digest, this.#seen.digest)) return "FORK"; // P04.seen
    return undefined;
  }

  #isBehind(): boolean {
    return this.#seen !== undefined && this.#control.fence.head.seq < this.#seen.seq;
  }
}

/** Above the measured failover of a three-node etcd (1.7 s), below what a halt may take. */
const LEASE_MS = 3_000;
