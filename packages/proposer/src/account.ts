/** An account as those who propose for it see it: a Book folded from what is published, fills at once and deposits when they are posted. */
import type { EntryPosted, Fill } from "@countersign/contracts";
import { applyDeposit, applyFill, type Book, type BookedDeposit, emptyBook, fillFromWire } from "@countersign/ledger";
import { modes, moneyFromWire } from "@countersign/orders";
import { type Entry, peekPropose, readEntry, verifyCertificate } from "@countersign/quorum";
import type { Attached, Input } from "@countersign/runtime";
import type { Desk } from "./desk.ts";

export interface Account {
  readonly book: Book;
  /** The deposits that are in it: an entry may be announced more than once. A fill's message comes once, by the inbox. */
  readonly depositIds: readonly string[];
}

export function emptyAccount(): Account {
  return { book: emptyBook(), depositIds: [] };
}

/** The account after this input; the same object when it says nothing about it. */
export function foldAccount(account: Account, input: Input, desk: Desk): Account {
  if (input.kind !== "message") return account;
  if (input.type === "order.filled") return foldFill(account, input.payload as Fill, desk);
  if (input.type === "ledger.entry") return foldEntry(account, input.payload as EntryPosted, input.attached, desk);
  return account;
}

/** Execution has booked it by the same fold: what cannot be booked here is a broken invariant, and nobody trades on. */
function foldFill(account: Account, wire: Fill, desk: Desk): Account {
  if (wire.account !== desk.account) return account;
  const fill = fillFromWire(wire);
  if (typeof fill === "string") throw new Error(`broken invariant: a fill without its ${fill}`);
  const instrument = desk.instruments.get(fill.symbol);
  if (instrument === undefined) throw new Error(`broken invariant: a fill of ${fill.symbol}, which is no instrument`);
  const booking = applyFill(account.book, fill, instrument);
  if (!booking.ok) throw new Error(`broken invariant: the fill ${fill.fillId} cannot be booked: ${booking.text}`);
  return { ...account, book: booking.book };
}

/** What is not certified changes nothing. That it came is on record: Policy reads the same topic and says so. */
function foldEntry(account: Account, { entry: bytes }: EntryPosted, votes: Attached, desk: Desk): Account {
  const entry = bytes === undefined ? undefined : readEntry(bytes);
  if (entry === undefined || entry.log !== "ledger") return account;
  const deposits = depositsTo(desk.account, entry).filter(({ depositId }) => !account.depositIds.includes(depositId));
  if (deposits.length === 0) return account;
  if (!isCertified(entry, votes, desk)) return account; // P04.proposer
  return deposits.reduce(bookDeposit, account);
}

function depositsTo(account: string, { proposes }: Entry): readonly BookedDeposit[] {
  return proposes.flatMap((propose) => {
    const content = peekPropose(propose)?.request.content;
    if (content?.case !== "deposit" || content.value.account !== account) return [];
    const { depositId, amount: wire } = content.value;
    const amount = moneyFromWire(wire);
    return depositId && amount !== undefined ? [{ depositId, amount }] : [];
  });
}

function isCertified(entry: Entry, votes: Attached, { keys, mode, members }: Desk): boolean {
  const reading = { keys, mode: modes.toWire(mode) };
  return verifyCertificate(entry.bytes, votes, members, reading) === undefined;
}

function bookDeposit({ book, depositIds }: Account, deposit: BookedDeposit): Account {
  const booking = applyDeposit(book, deposit);
  if (!booking.ok) throw new Error(`broken invariant: the deposit ${deposit.depositId}: ${booking.text}`);
  return { book: booking.book, depositIds: [...depositIds, deposit.depositId] };
}
