import type { HaltScope } from "@countersign/contracts";
import { type Book, type BookedFill, emptyBook } from "@countersign/ledger";
import type { Price, Quantity, Side } from "@countersign/orders";
import type { Cause } from "@countersign/runtime";

/** One account as Policy sees it, from events alone. Plain data: bigint and bytes allowed. Money is in units of the book's scale. */
export interface PolicyState {
  /** From order.filled; deposits from the ledger, which alone has them. */
  readonly book: Book;
  /** From ledger.entry: the other book, which has to say the same. */
  readonly ledger: { readonly book: Book; readonly seq: bigint; readonly digest: Uint8Array };
  /** Fills that one of the two books has and the other has not yet, by fill id. */
  readonly unbooked: Readonly<Record<string, BookedFill>>;
  readonly unseen: Readonly<Record<string, { readonly fill: BookedFill; readonly bookedMs: number }>>;
  /** Permitted or working, by intent key. What is here holds capital. */
  readonly orders: Readonly<Record<string, OpenOrder>>;
  /** What the children of a parent came to, by parent. */
  readonly families: Readonly<Record<string, Family>>;
  /** Escalated, by approval id. */
  readonly waiting: Readonly<Record<string, Waiting>>;
  /** Undefined before the first deposit. */
  readonly equity: Equity | undefined;
  /** Permits of the last minute, counted by second: the state is written whole, and must not grow with each of them. */
  readonly recent: readonly Permits[];
  readonly latches: readonly Latch[];
  /** Breaches in a row of rules that halt, by rule. */
  readonly trips: Readonly<Record<string, { readonly samples: number; readonly of: string }>>;
}

export interface OpenOrder {
  readonly intentKey: string;
  readonly permitId: string;
  /** `permitted`: the permit may still be used. `accepted`: Execution has used it. */
  readonly stage: "permitted" | "accepted";
  readonly symbol: string;
  readonly side: Side;
  /** What may still be filled. */
  readonly leaves: Quantity;
  /** The worst price it may be filled at. */
  readonly limitPrice: Price;
  /** leaves × limitPrice, rounded up. */
  readonly reserved: bigint;
  /** The same of the whole order. */
  readonly notional: bigint;
  readonly parent: string;
  readonly principal: string;
  readonly expiresAtMs: number;
}

interface Family {
  readonly notional: bigint;
  readonly atMs: number;
}

export interface Waiting {
  readonly approvalId: string;
  readonly intentKey: string;
  /** As the proposer wrote it. */
  readonly intent: Uint8Array;
  readonly epoch: bigint;
  readonly expiresAtMs: number;
  /** Serialised Signed approvals, by approver. */
  readonly approvals: Readonly<Record<string, Uint8Array>>;
  /** Persons on whose screens it was; not there before the first. */
  readonly shownTo?: readonly string[];
  /** Of the proposer's call: what the verdict follows from, whenever it comes. */
  readonly cause: Cause;
}

export interface Equity {
  /** When it was last known. */
  readonly last: bigint;
  readonly peak: bigint;
  /** UTC date, days since 1970; the equity that was last known on an earlier one; two-sided turnover by scope. */
  readonly date: number;
  readonly dayStart: bigint;
  readonly turnover: Readonly<Record<string, bigint>>;
}

export interface Permits {
  /** The second's beginning, ms since 1970. */
  readonly fromMs: number;
  readonly symbol: string;
  readonly principal: string;
  readonly count: number;
}

export interface Latch {
  readonly id: string;
  readonly level: number;
  readonly scope: HaltScope;
  readonly code: "HALTED" | "BOOK_DIFFERS";
  /** Who or what it came from: a sender, a rule, the books. Policy's own come once at a time. */
  readonly source: string;
  readonly reason: string;
}

export function initialState(): PolicyState {
  return {
    book: emptyBook(),
    ledger: { book: emptyBook(), seq: 0n, digest: new Uint8Array(32) },
    unbooked: {},
    unseen: {},
    orders: {},
    families: {},
    waiting: {},
    equity: undefined,
    recent: [],
    latches: [],
    trips: {},
  };
}

/** A record without one key. */
export function without<Value>(record: Readonly<Record<string, Value>>, key: string): Readonly<Record<string, Value>> {
  const { [key]: _, ...rest } = record;
  return rest;
}
