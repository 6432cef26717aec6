import { type Fixed, type Money, money, type Price, product, type Quantity } from "@countersign/orders";
import type { Book } from "./book.ts";
import type { Mark } from "./marks.ts";

/**
 * Cash and every position at its mark: what Policy and Portfolio measure by. Each position is rounded once, half-even.
 * Undefined when nothing was deposited or a position has no mark: unknown is no, and never zero.
 */
export function equityOf(book: Book, marks: readonly Pick<Mark, "symbol" | "price">[]): Money | undefined {
  if (book.money === undefined) return undefined;
  const prices = new Map(marks.map((mark) => [mark.symbol, mark.price]));
  let units = book.cash;
  for (const position of Object.values(book.positions)) {
    const at = prices.get(position.symbol);
    if (at === undefined) return undefined;
    units += positionValue(position.quantity, at, book.money.scale).units;
  }
  return money(units, book.money.scale, book.money.currency);
}

/** Signed: a short has a negative value. */
export function positionValue(quantity: Quantity, at: Price, moneyScale: number): Fixed {
  return product(at, quantity, moneyScale, "half-even");
}
