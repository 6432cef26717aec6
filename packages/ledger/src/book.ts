import { type Instrument, type Money, negate, OrdersError, product, rescale } from "@countersign/orders";
import type { BookedFill } from "./fill.ts";
import type { Disposal } from "./lots.ts";
import { applyToPosition, type Position } from "./position.ts";
import { type Entry, entryOf, moneyLedger, type Posting, positionsAccount, quantityLedger } from "./postings.ts";

/**
 * One account, as its deposits and fills made it. Plain data: strings, integers and bigints, so that a snapshot needs no code of
 * its own. Amounts are in units of the account's money scale.
 *
 * The book keeps no ids: whoever folds guards that a fill comes once (the claim on its id, the unique index of the log), as a set of
 * all ids would grow for ever.
 */
export interface Book {
  /** Currency and scale of the first deposit; undefined before it. */
  readonly money: { readonly currency: string; readonly scale: number } | undefined;
  readonly cash: bigint;
  readonly deposits: bigint;
  /** Before fees. */
  readonly realised: bigint;
  readonly fees: bigint;
  /** By symbol. */
  readonly positions: Readonly<Record<string, Position>>;
}

export interface BookedDeposit {
  readonly depositId: string;
  readonly amount: Money;
}

/**
 * - `NO_DEPOSIT`: the account has no currency yet
 * - `CURRENCY`: instrument, commission or deposit are in another currency than the account's, and there is no conversion
 * - `SCALE`: the amount does not fit the scale of the account or the instrument
 * - `SYMBOL`: the instrument is not the fill's
 * - `NOT_POSITIVE`: a quantity, price or deposit of zero or less
 */
export type BookRefusal = "NO_DEPOSIT" | "CURRENCY" | "SCALE" | "SYMBOL" | "NOT_POSITIVE";

export type Booking =
  | { readonly ok: true; readonly book: Book; readonly entry: Entry; readonly disposals: readonly Disposal[] }
  | { readonly ok: false; readonly code: BookRefusal; readonly text: string };

export function emptyBook(): Book {
  return { money: undefined, cash: 0n, deposits: 0n, realised: 0n, fees: 0n, positions: {} };
}

/** The first deposit gives the account its currency and money scale. */
export function applyDeposit(book: Book, deposit: BookedDeposit): Booking {
  const money = book.money ?? { currency: deposit.amount.currency, scale: deposit.amount.scale };
  if (deposit.amount.currency !== money.currency)
    return refuse("CURRENCY", `a deposit of ${deposit.amount.currency} to an account in ${money.currency}`);
  if (deposit.amount.units <= 0n) return refuse("NOT_POSITIVE", "a deposit is more than zero");
  const amount = exactly(deposit.amount, money.scale)?.units;
  if (amount === undefined) return refuse("SCALE", `the account counts ${money.scale} decimals`);
  const entry = entryOf(deposit.depositId, [
    moneyPosting(money, "cash", amount),
    moneyPosting(money, "deposits", -amount),
  ]);
  const after = { ...book, money, cash: book.cash + amount, deposits: book.deposits + amount };
  return { ok: true, book: after, entry, disposals: [] };
}

/** Books a fill at its price, and its commission apart. The instrument is the fill's; its currency has to be the account's. */
export function applyFill(book: Book, fill: BookedFill, instrument: Instrument): Booking {
  const { money } = book;
  if (money === undefined) return refuse("NO_DEPOSIT", "nothing was ever deposited");
  const { symbol } = fill;
  if (instrument.symbol !== symbol) return refuse("SYMBOL", `a fill of ${symbol} as ${instrument.symbol}`);
  for (const currency of [instrument.currency, fill.commission.currency])
    if (currency !== money.currency) return refuse("CURRENCY", `${currency} in an account in ${money.currency}`);
  if (fill.quantity.units <= 0n || fill.price.units <= 0n)
    return refuse("NOT_POSITIVE", "quantity and price of a fill are more than zero");
  const before = book.positions[symbol];
  const filled = exactly(fill.quantity, instrument.quantityScale);
  if (filled === undefined || (before !== undefined && before.quantity.scale !== filled.scale))
    return refuse("SCALE", `${symbol} is counted in ${instrument.quantityScale} decimals`);

  const notional = product(fill.price, filled, money.scale).units;
  const fee = rescale(fill.commission, money.scale, "half-even").units;
  const quantity = fill.side === "BUY" ? filled : negate(filled);
  const change = applyToPosition(before, { ...fill, quantity, notional });
  const paid = fill.side === "BUY" ? -notional : notional;
  const realised = paid + change.costChange;
  const entry = entryOf(fill.fillId, [
    moneyPosting(money, "cash", paid),
    moneyPosting(money, positionsAccount(symbol), change.costChange),
    moneyPosting(money, "realised", -realised),
    moneyPosting(money, "cash", -fee),
    moneyPosting(money, "fees", fee),
    { ledger: quantityLedger(symbol), scale: quantity.scale, account: "holdings", amount: quantity.units },
    { ledger: quantityLedger(symbol), scale: quantity.scale, account: "market", amount: -quantity.units },
  ]);
  const { [symbol]: _, ...others } = book.positions;
  const after: Book = {
    ...book,
    cash: book.cash + paid - fee,
    realised: book.realised + realised,
    fees: book.fees + fee,
    positions: change.position === undefined ? others : { ...others, [symbol]: change.position },
  };
  return { ok: true, book: after, entry, disposals: change.disposals };
}

/** The first thing in which two books differ, in words, or undefined when they say the same. */
export function bookDifference(a: Book, b: Book): string | undefined {
  if (a.money?.currency !== b.money?.currency || a.money?.scale !== b.money?.scale) return "currency";
  for (const field of ["cash", "deposits", "realised", "fees"] as const)
    if (a[field] !== b[field]) return `${field}: ${a[field]} and ${b[field]}`;
  for (const symbol of new Set([...Object.keys(a.positions), ...Object.keys(b.positions)])) {
    const [left, right] = [a.positions[symbol], b.positions[symbol]];
    if (left?.quantity.units !== right?.quantity.units || left?.quantity.scale !== right?.quantity.scale)
      return `${symbol}: ${left?.quantity.units ?? 0n} and ${right?.quantity.units ?? 0n}`;
    if (left?.cost !== right?.cost) return `${symbol}, cost: ${left?.cost} and ${right?.cost}`;
  }
  return undefined;
}

function moneyPosting(money: NonNullable<Book["money"]>, account: string, amount: bigint): Posting {
  return { ledger: moneyLedger(money.currency), scale: money.scale, account, amount };
}

/** At the scale, or undefined when digits would be lost. */
function exactly<T extends { readonly units: bigint; readonly scale: number }>(value: T, scale: number): T | undefined {
  try {
    return rescale(value, scale);
  } catch (error) {
    if (error instanceof OrdersError && error.code === "INEXACT") return undefined;
    throw error;
  }
}

function refuse(code: BookRefusal, text: string): Booking {
  return { ok: false, code, text };
}
