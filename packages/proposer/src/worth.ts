import { type Book, equityOf, marksOf } from "@countersign/ledger";
import { toNumber } from "@countersign/orders";
import type { Quotes } from "./quotes.ts";

/** In the account's currency; for sizing alone, no money is made from it. */
export interface Worth {
  readonly equity: number;
  /** By symbol; a short is worth less than nothing. */
  readonly positions: Readonly<Record<string, number>>;
}

/**
 * What an account is worth now: cash and every position at the side at which it would be closed. Undefined when nothing was deposited or
 * a position has no price now: a booking may fall back on the price of the last fill, a decision may not.
 */
export function worthNow(book: Book, quotes: Quotes): Worth | undefined {
  for (const symbol of Object.keys(book.positions)) {
    if (quotes.last(symbol) === undefined) return undefined; // P10.proposer-mark
  }
  const marks = marksOf(book, (symbol) => quotes.last(symbol));
  const equity = equityOf(book, marks);
  if (equity === undefined) return undefined;
  const positions = marks.map(({ symbol, price }) => [symbol, toNumber(price) * heldOf(book, symbol)]);
  return { equity: toNumber(equity), positions: Object.fromEntries(positions) };
}

function heldOf({ positions }: Book, symbol: string): number {
  const held = positions[symbol];
  return held === undefined ? 0 : toNumber(held.quantity);
}
