/** An account as those who propose for it see it: a Book folded from what is published, fills at once and deposits when they are posted. */
import type { EntryPosted, Fill } from "@countersign/contracts";
import { applyDeposit, applyFill, type Book, fillFromWire } from "@countersign/ledger";
import { type Instrument, moneyFromWire } from "@countersign/orders";
import { openPropose, type ProposeReading, readEntry } from "@countersign/quorum";
import type { Input } from "@countersign/runtime";

export interface AccountReading extends ProposeReading {
  readonly account: string;
  readonly instruments: ReadonlyMap<string, Instrument>;
}

/**
 * The book after this input; the same object when it says nothing about the account. What is in the book already is not folded twice:
 * the inbox guards messages, and a deposit is in one entry.
 */
export function foldAccount(book: Book, input: Input, reading: AccountReading): Book {
  if (input.kind !== "message") return book;
  if (input.type === "order.filled") return foldFill(book, input.payload as Fill, reading);
  if (input.type === "ledger.entry") return foldDeposits(book, input.payload as EntryPosted, reading);
  return book;
}

function foldFill(book: Book, wire: Fill, { account, instruments }: AccountReading): Book {
  if (wire.account !== account) return book;
  const fill = fillFromWire(wire);
  if (typeof fill === "string") throw new Error(`a fill on orders.execution.v1 has no ${fill}`);
  const instrument = instruments.get(fill.symbol);
  if (instrument === undefined) throw new Error(`a fill of ${fill.symbol}, which is no instrument here`);
  const booking = applyFill(book, fill, instrument);
  if (!booking.ok) throw new Error(`a fill that cannot be booked: ${booking.text}`);
  return booking.book;
}

function foldDeposits(book: Book, posted: EntryPosted, reading: AccountReading): Book {
  let after = book;
  for (const propose of readEntry(posted.entry ?? new Uint8Array())?.proposes ?? []) {
    const opened = openPropose(propose, reading);
    if (!opened.ok || opened.content.case !== "deposit") continue;
    const { depositId, account } = opened.content.value;
    const amount = moneyFromWire(opened.content.value.amount);
    if (account !== reading.account || amount === undefined || !depositId) continue;
    const booking = applyDeposit(after, { depositId, amount });
    if (booking.ok) after = booking.book;
  }
  return after;
}
