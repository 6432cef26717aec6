/**
 * One account's books, and the one way in which a deposit or fills change them. Pure. Beside the `Book` stand two others, made from
 * the same events by code they do not share: the postings, and the performance; after every change they must agree to the unit.
 */
import {
  applyDeposit,
  applyFill,
  type Book,
  type BookedDeposit,
  type BookedFill,
  type Booking,
  type BookRefusal,
  checkIdentity,
  type Entry,
  emptyBook,
  emptyPerformance,
  type Mark,
  markToMarket,
  type Performance,
  performance,
  performDeposit,
  performFill,
  post,
  type TrialBalance,
} from "@countersign/ledger";
import type { Instrument } from "@countersign/orders";

export interface AccountLedger {
  readonly book: Book;
  readonly totals: TrialBalance;
  readonly past: Performance;
  /** Of the last booking: what its open positions are valued at. */
  readonly marks: readonly Mark[];
}

export const emptyAccount: AccountLedger = { book: emptyBook(), totals: {}, past: emptyPerformance(), marks: [] };

export type AccountBooking =
  | { readonly ok: true; readonly account: AccountLedger; readonly entries: readonly Entry[] }
  | { readonly ok: false; readonly code: BookRefusal | "UNKNOWN_INSTRUMENT" | "WRONG_MARKS"; readonly text: string };

/** Throws `LedgerBroken`. */
export function bookDeposit(account: AccountLedger, deposit: BookedDeposit): AccountBooking {
  const booked = applyDeposit(account.book, deposit);
  if (!booked.ok) return booked;
  const past = performDeposit(account.past, deposit);
  const after = { book: booked.book, totals: post(account.totals, booked.entry), past, marks: account.marks };
  return closed(after, [booked.entry]);
}

/** Books fills in their order, valued at `marks` when all are booked. Throws `LedgerBroken`. */
export function bookFills(
  account: AccountLedger,
  fills: readonly BookedFill[],
  marks: readonly Mark[],
  instruments: ReadonlyMap<string, Instrument>,
): AccountBooking {
  let { book, totals, past } = account;
  const entries: Entry[] = [];
  for (const fill of fills) {
    const instrument = instruments.get(fill.symbol);
    if (instrument === undefined) return { ok: false, code: "UNKNOWN_INSTRUMENT", text: fill.symbol };
    const booked: Booking = applyFill(book, fill, instrument);
    if (!booked.ok) return booked;
    book = booked.book;
    totals = post(totals, booked.entry);
    past = performFill(past, fill);
    entries.push(booked.entry);
  }
  const open = Object.keys(book.positions);
  const isMarked = open.every((symbol) => marks.some((mark) => mark.symbol === symbol));
  if (!isMarked) return { ok: false, code: "WRONG_MARKS", text: "an open position has no mark" };
  return closed({ book, totals, past, marks }, entries);
}

/** The two sides of the money identity, in units of the account's money scale. */
export interface IdentityFigures {
  readonly currency: string;
  readonly moneyScale: number;
  readonly cash: bigint;
  /** Σ position × mark: the left side, from the postings, less cash. */
  readonly positionValue: bigint;
  readonly deposits: bigint;
  readonly realised: bigint;
  /** Of the right side, from deposits and fills, what the rest leaves. */
  readonly unrealised: bigint;
  readonly fees: bigint;
  readonly equity: bigint;
}

/** Undefined before the first deposit. */
export function identityOf({ book, totals, past, marks }: AccountLedger): IdentityFigures | undefined {
  const { money, cash } = book;
  if (money === undefined) return undefined;
  const left = markToMarket(totals, marks, money.currency);
  const right = performance(past, marks);
  if (left === undefined || right === undefined) return undefined;
  const { deposits, realised, fees } = past;
  return {
    currency: money.currency,
    moneyScale: money.scale,
    cash,
    positionValue: left - cash,
    deposits,
    realised,
    unrealised: right - deposits - realised + fees,
    fees,
    equity: left,
  };
}

/** The books contradict each other: nothing may be built on them, and the process stops. */
class LedgerBroken extends Error {
  readonly code = "IDENTITY_BROKEN";

  constructor(text: string) {
    super(text);
    this.name = "LedgerBroken";
  }
}

function closed(account: AccountLedger, entries: readonly Entry[]): AccountBooking {
  const { book, totals, past, marks } = account;
  const identity = checkIdentity(totals, past, marks, book.money?.currency ?? "");
  if (!identity.ok) throw new LedgerBroken(identity.text); // P05.identity
  return { ok: true, account, entries };
}
