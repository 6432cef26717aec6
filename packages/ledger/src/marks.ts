import type { Mark as PbMark, QuoteRef } from "@countersign/contracts";
import { type Price, priceFromWire, priceToWire } from "@countersign/orders";
import type { Book } from "./book.ts";
import type { Position } from "./position.ts";

/** The price that a position is valued at, and where it comes from. */
export interface Mark {
  readonly symbol: string;
  readonly price: Price;
  /** The quote it is one side of; undefined when it is the price of the last fill. */
  readonly quote: QuoteRef | undefined;
}

/** The last accepted quote at or before the entry's event time. */
export interface LastQuote {
  readonly bid: Price;
  readonly ask: Price;
  readonly ref: QuoteRef;
}

/**
 * A mark for every open position, by symbol: the side at which it would be closed, the bid of a long and the ask of a short, else
 * the price of its last fill. There always is one, so that a missing quote never stops a booking.
 */
export function marksOf(book: Book, quoteOf: (symbol: string) => LastQuote | undefined): Mark[] {
  return Object.keys(book.positions)
    .sort()
    .map((symbol) => markPosition(book.positions[symbol]!, quoteOf(symbol)));
}

/** What of a position its mark depends on. */
export type MarkedPosition = Pick<Position, "symbol" | "quantity" | "lastFillPrice">;

export function markPosition(position: MarkedPosition, last: LastQuote | undefined): Mark {
  const { symbol, quantity, lastFillPrice } = position;
  if (last === undefined) return { symbol, price: lastFillPrice, quote: undefined };
  return { symbol, price: quantity.units > 0n ? last.bid : last.ask, quote: last.ref };
}

export function markToWire(mark: Mark): PbMark {
  return {
    $typeName: "countersign.v1.Mark",
    symbol: mark.symbol,
    price: priceToWire(mark.price),
    quote: mark.quote,
  };
}

/** Undefined when symbol or price is missing. */
export function markFromWire(wire: PbMark): Mark | undefined {
  const price = priceFromWire(wire.price);
  return wire.symbol && price !== undefined ? { symbol: wire.symbol, price, quote: wire.quote } : undefined;
}
