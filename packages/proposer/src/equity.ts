import { type Book, equityOf, marksOf } from "@countersign/ledger";
import { toNumber } from "@countersign/orders";
import type { Quotes } from "./quotes.ts";

/**
 * What the account is worth now, in its currency: cash and every position at the side at which it would be closed. Undefined when
 * nothing was deposited or a position has no price now: a booking may fall back on the price of the last fill, a decision may not.
 */
export function equityNow(book: Book, quotes: Quotes): number | undefined {
  for (const symbol of Object.keys(book.positions)) {
    if (quotes.last(symbol) === undefined) return undefined; // P10.proposer-mark
  }
  const marks = marksOf(book, (symbol) => quotes.last(symbol));
  const equity = equityOf(book, marks);
  return equity === undefined ? undefined : toNumber(equity);
}
