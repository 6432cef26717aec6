/** The account's book as the ledger certifies it, and what it was worth and when. */

import type { Deposit, FillsBooked } from "@countersign/contracts";
import {
  applyDeposit,
  applyFill,
  type Book,
  emptyBook,
  equityOf,
  fillFromWire,
  type Position,
} from "@countersign/ledger";
import {
  type Instrument,
  type Money,
  moneyFromWire,
  type Price,
  price,
  priceFromWire,
  product,
} from "@countersign/orders";
import { emptyTrack, type Track, trackEquity, trackFlow, trackPeriod } from "./track.ts";
import type { PeriodEnd } from "./view.ts";

export interface EquityState {
  readonly book: Book;
  /** Σ of what was bought and of what was sold, in units of the book's money; each fill rounded once, half-even. */
  readonly traded: bigint;
  /** Where prices are not asked for: those of the last entry or period. */
  readonly marks: readonly MarkPrice[];
  readonly points: bigint;
  readonly track: Track;
  /** End of the last period that was closed: it is closed once, whichever symbol's quote shows that it is over. */
  readonly closedMs: number | undefined;
  /** Why the book is not known any more: then nothing is said about money. */
  readonly unknown: string | undefined;
}

interface MarkPrice {
  readonly symbol: string;
  readonly price: Price;
}

/** One point of the equity curve, numbered from 1. */
export interface EquityPoint {
  readonly seq: bigint;
  readonly timeMs: number;
  readonly equity: Money;
}

export const emptyEquity: EquityState = {
  book: emptyBook(),
  traded: 0n,
  marks: [],
  points: 0n,
  track: emptyTrack,
  closedMs: undefined,
  unknown: undefined,
};

export interface EquityChange {
  readonly state: EquityState;
  readonly point?: EquityPoint | undefined;
}

export function bookDeposit(state: EquityState, { depositId, amount: wire }: Deposit, timeMs: number): EquityChange {
  const amount = moneyFromWire(wire);
  if (!depositId || amount === undefined) return lost(state, "a deposit lacks a field");
  const booking = applyDeposit(state.book, { depositId, amount });
  if (!booking.ok) return lost(state, booking.text);
  const track = trackFlow(state.track, amount);
  return valued({ ...state, book: booking.book, track }, timeMs);
}

/** Valued at the marks that the entry names. */
export function bookFills(
  before: EquityState,
  { fills, marks }: FillsBooked,
  instruments: ReadonlyMap<string, Instrument>,
): EquityChange {
  let state = before;
  let timeMs = 0;
  for (const wire of fills) {
    const fill = fillFromWire(wire);
    if (typeof fill === "string") return lost(state, `a fill lacks its ${fill}`);
    const instrument = instruments.get(fill.symbol);
    if (instrument === undefined) return lost(state, `a fill of ${fill.symbol}, which is no instrument`);
    const booking = applyFill(state.book, fill, instrument);
    if (!booking.ok) return lost(state, booking.text);
    const notional = product(fill.price, fill.quantity, booking.book.money?.scale ?? 0).units;
    state = { ...state, book: booking.book, traded: state.traded + notional };
    timeMs = Math.max(timeMs, fill.timeMs);
  }
  const named = marks.flatMap(({ symbol, price: wire }) => {
    const at = priceFromWire(wire);
    return symbol && at !== undefined ? [{ symbol, price: at }] : [];
  });
  return valued({ ...state, marks: named }, timeMs);
}

/** The close of a period: every position at the side it would be closed at, in the period's last quote. */
export function closePeriod(state: EquityState, { timeMs, quotes }: PeriodEnd, perYear: number): EquityChange {
  if (state.book.money === undefined || state.unknown !== undefined) return { state };
  if (state.closedMs !== undefined && timeMs <= state.closedMs) return { state };
  const positions = Object.values(state.book.positions);
  const marks = positions.map((position) => ({ symbol: position.symbol, price: closingPrice(position, quotes) }));
  const { state: after, point } = valued({ ...state, marks, closedMs: timeMs }, timeMs);
  return { state: { ...after, track: trackPeriod(after.track, positions.length > 0, perYear) }, point };
}

/** Of the stream of points. */
export function encodePoint({ timeMs, equity }: EquityPoint): Uint8Array {
  return new Uint8Array(Buffer.from(`${timeMs} ${equity.units} ${equity.scale} ${equity.currency}`));
}

/** Nothing deposited, a position without a mark: unknown. */
export function equityNow({ book, marks, unknown }: EquityState): Money | undefined {
  return unknown === undefined ? equityOf(book, marks) : undefined;
}

export function lost(state: EquityState, why: string): EquityChange {
  return { state: { ...state, unknown: state.unknown ?? why } };
}

function valued(state: EquityState, timeMs: number): EquityChange {
  const equity = equityNow(state);
  if (equity === undefined) return { state };
  const seq = state.points + 1n;
  return { state: { ...state, points: seq, track: trackEquity(state.track, equity) }, point: { seq, timeMs, equity } };
}

/** As the ledger marks: the bid of a long, the ask of a short, else its last fill's price. */
function closingPrice({ symbol, quantity, lastFillPrice }: Position, quotes: PeriodEnd["quotes"]): Price {
  const quote = quotes[symbol];
  if (quote === undefined) return lastFillPrice;
  return price(quantity.units > 0n ? quote.bid : quote.ask, quote.scale);
}
