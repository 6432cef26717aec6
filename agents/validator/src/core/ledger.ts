/**
 * The projection of the ledger log: what every account holds, which executions are booked, and how much of each order is filled. It is
 * folded from the log alone, in memory, and made again from it at the start of the process.
 *
 * An entry becomes a draft first, whole or not at all: for a vote with the evidence judged, for what is in the log without, because a
 * certificate vouches for it. A draft whose entry was committed is adopted, and nothing is computed twice.
 */
import type { ProposeRequest } from "@countersign/contracts";
import type { Entry as Postings } from "@countersign/ledger";
import { add, type Instrument, moneyFromWire, type Quantity, quantity } from "@countersign/orders";
import { type Entry, emptyHead, type Head, type OpenedPropose, openPropose, peekPropose } from "@countersign/quorum";
import { type AccountBooking, type AccountLedger, bookDeposit, bookFills, emptyAccount } from "./account.ts";
import type { Copies } from "./drop-copy.ts";
import type { EvidenceReading } from "./evidence.ts";
import { type Booked, judgeFills, judgeMarks, type ReadFills, readFills } from "./judge-fills.ts";
import type { MarketView } from "./market-view.ts";
import { refuse, type ValidatorRefusal } from "./refusal.ts";

/** What a voter knows beside the books. */
export interface Evidence extends EvidenceReading {
  readonly market: MarketView;
  /** What the venue has of the entry's fills; undefined where this validator has no drop copy. */
  readonly copies?: Copies | undefined;
}

/** One proposal, booked. */
export interface BookedPropose {
  readonly opId: string;
  readonly account: string;
  readonly content: Extract<ProposeRequest["content"], { readonly case: "deposit" | "fills" }>;
  readonly entries: readonly Postings[];
  /** After it. */
  readonly after: AccountLedger;
}

export interface Draft {
  readonly ok: true;
  readonly entry: Entry;
  readonly booked: readonly BookedPropose[];
  readonly accounts: ReadonlyMap<string, AccountLedger>;
  readonly executions: ReadonlySet<string>;
  readonly filled: ReadonlyMap<string, Quantity>;
}

export class LedgerProjection implements Booked {
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #accounts = new Map<string, AccountLedger>();
  readonly #executions = new Set<string>();
  readonly #filled = new Map<string, Quantity>();
  #head: Head = emptyHead;

  constructor(instruments: ReadonlyMap<string, Instrument>) {
    this.#instruments = instruments;
  }

  get head(): Head {
    return this.#head;
  }

  get accounts(): ReadonlyMap<string, AccountLedger> {
    return this.#accounts;
  }

  hasExecution(fillId: string): boolean {
    return this.#executions.has(fillId);
  }

  filledOf(intentKey: string): Quantity | undefined {
    return this.#filled.get(intentKey);
  }

  /** The books after the entry, which is the next one. With `evidence` it is judged for a vote. Throws `LedgerBroken`. */
  draft(entry: Entry, evidence?: Evidence): Draft | ValidatorRefusal {
    const overlay = new Overlay(this);
    const booked: BookedPropose[] = [];
    for (const bytes of entry.proposes) {
      const opened = evidence === undefined ? undefined : openPropose(bytes, evidence);
      if (opened?.ok === false) return refuse(opened.code);
      const request = opened?.request ?? peekPropose(bytes)?.request;
      if (request === undefined) return refuse("BAD_PROPOSE");
      const one = this.#book(request, overlay, opened, evidence);
      if (!one.ok) return one;
      booked.push(one.booked);
    }
    const { accounts, executions, filled } = overlay;
    return { ok: true, entry, booked, accounts, executions, filled };
  }

  adopt({ entry, accounts, executions, filled }: Draft): void {
    if (entry.seq !== this.#head.seq + 1n)
      throw new Error(`broken invariant: entry ${entry.seq} after ${this.#head.seq}`);
    for (const [name, account] of accounts) this.#accounts.set(name, account);
    for (const id of executions) this.#executions.add(id);
    for (const [key, total] of filled) this.#filled.set(key, total);
    this.#head = { seq: entry.seq, digest: entry.digest };
  }

  #book(request: ProposeRequest, overlay: Overlay, opened: OpenedPropose | undefined, evidence: Evidence | undefined) {
    const { opId = "", content } = request;
    if (content.case === "deposit") {
      const { depositId, account, amount: wire, by } = content.value;
      const amount = moneyFromWire(wire);
      if (!depositId || !account || amount === undefined) return refuse("BAD_DEPOSIT");
      if (opened?.key.person === false) return refuse("NOT_A_PERSON", by);
      if (opened !== undefined && opened.key.sender !== by) return refuse("WRONG_AUTHOR", by);
      const booking = bookDeposit(overlay.account(account), { depositId, amount });
      return overlay.add({ opId, account, content }, booking);
    }
    if (content.case !== "fills") return refuse("WRONG_LOG", content.case);
    if (opened !== undefined && opened.key.sender !== "execution") return refuse("NOT_EXECUTION", opened.key.sender);
    const read = readFills(content.value);
    if (!read.ok) return read;
    if (evidence !== undefined) {
      const wrong = judgeFills(content.value, read, overlay, evidence.market, evidence);
      if (wrong !== undefined) return wrong;
    }
    const booking = bookFills(overlay.account(read.account), read.fills, read.marks, this.#instruments);
    if (booking.ok && evidence !== undefined) {
      const wrong = judgeMarks(booking.account.book, read, evidence.market);
      if (wrong !== undefined) return wrong;
    }
    overlay.count(content.value.fills, read);
    return overlay.add({ opId, account: read.account, content }, booking);
  }
}

/** The books as they are after the proposals of the entry so far. */
class Overlay implements Booked {
  readonly #base: LedgerProjection;
  readonly accounts = new Map<string, AccountLedger>();
  readonly executions = new Set<string>();
  readonly filled = new Map<string, Quantity>();

  constructor(base: LedgerProjection) {
    this.#base = base;
  }

  hasExecution(fillId: string): boolean {
    return this.executions.has(fillId) || this.#base.hasExecution(fillId);
  }

  filledOf(intentKey: string): Quantity | undefined {
    return this.filled.get(intentKey) ?? this.#base.filledOf(intentKey);
  }

  account(name: string): AccountLedger {
    return this.accounts.get(name) ?? this.#base.accounts.get(name) ?? emptyAccount;
  }

  count(wires: readonly { readonly intentKey?: string | undefined }[], { fills }: ReadFills): void {
    for (const [index, fill] of fills.entries()) {
      const intentKey = wires[index]?.intentKey ?? "";
      this.executions.add(fill.fillId);
      this.filled.set(intentKey, add(this.filledOf(intentKey) ?? quantity(0n, 0), fill.quantity));
    }
  }

  add(propose: Omit<BookedPropose, "entries" | "after">, booking: AccountBooking) {
    if (!booking.ok) return refuse(booking.code, booking.text);
    this.accounts.set(propose.account, booking.account);
    const booked: BookedPropose = { ...propose, entries: booking.entries, after: booking.account };
    return { ok: true, booked } as const;
  }
}
