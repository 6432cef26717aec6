/** One fill in the account's book, and what the book is worth after the last of them. */
import { create } from "@bufbuild/protobuf";
import { type Fill, FillSchema } from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import { applyFill, fillFromWire, type LastQuote, type Mark, markPosition } from "@countersign/ledger";
import { leavesQty, moneyToWire, priceToWire, quantityToWire, sides } from "@countersign/orders";
import type { CoreConfig } from "./config.ts";
import type { VenueFill } from "./edge-input.ts";
import { closeAccount, type ExecutionState, type HeldOrder, type Unbooked } from "./state.ts";
import { type MarketView, quoteRefToWire, type SeenQuote } from "./view.ts";

/** The fill as the world reads it. `held` is the order after it. */
export function fillOf({ order, state }: HeldOrder, report: VenueFill): Fill {
  const { account, venue, symbol, side, clientOrderId, intentKey, proposer, principal } = order;
  const { executionId, quantity, price, commission, timeMs, quote } = report;
  return create(FillSchema, {
    fillId: businessKey("fill", venue, account, executionId),
    executionId,
    clientOrderId,
    intentKey,
    account,
    venue,
    symbol,
    side: sides.toWire(side),
    lastQty: quantityToWire(quantity),
    lastPx: priceToWire(price),
    commission: moneyToWire(commission),
    cumQty: quantityToWire(state.cumQty),
    leavesQty: quantityToWire(leavesQty(state)),
    transactTimeMs: BigInt(timeMs),
    ...(quote === undefined ? {} : { quote: quoteRefToWire(quote) }),
    proposer,
    principal,
  });
}

/** A fill is a fact: one that the book cannot hold is published and proposed all the same, and closes the account. */
export function bookFill(config: CoreConfig, state: ExecutionState, wire: Fill): ExecutionState {
  const fill = fillFromWire(wire);
  if (typeof fill === "string") throw new Error(`broken invariant: our own fill lacks ${fill}`);
  const instrument = config.instruments.get(fill.symbol);
  if (instrument === undefined) return closeAccount(state, "BOOK_REFUSED", `no instrument ${fill.symbol}`);
  const booked = applyFill(state.book, fill, instrument);
  if (!booked.ok) return closeAccount(state, "BOOK_REFUSED", `fill ${fill.fillId}: ${booked.code}: ${booked.text}`);
  return { ...state, book: booked.book };
}

/** What of the commit's fills the marks of its ledger entry depend on. */
export function markedBy(state: ExecutionState, fills: readonly VenueFill[]): Marked {
  const open = Object.keys(state.book.positions)
    .sort()
    .map((name) => {
      const { symbol, quantity, lastFillPrice } = state.book.positions[name]!;
      return { symbol, quantity, lastFillPrice };
    });
  return {
    atMs: Math.max(...fills.map(({ timeMs }) => timeMs)),
    open,
    traded: fills.flatMap(({ quote }) => quote ?? []),
  };
}

type Marked = Pick<Unbooked, "atMs" | "open" | "traded">;

/**
 * The marks that the ledger entry names: of every open position the closing side of its last accepted quote at or before the last
 * fill. A venue in this process trades on a quote before the view has folded it, so the quotes of the fills are looked at too.
 */
export function marksOfRow({ atMs, open, traded }: Marked, view: MarketView): Mark[] {
  return open.map((position) => {
    const { symbol } = position;
    const last = view.quotes.get(symbol)?.findLast(({ timeMs }) => timeMs <= atMs);
    const seen = [last, ...traded].filter(
      (quote) => quote !== undefined && quote.symbol === symbol && quote.timeMs <= atMs,
    );
    return markPosition(position, asLastQuote(seen.reduce(later, undefined)));
  });
}

/** Whether the view has come past the fills: then their marks do not change any more. */
export function isPast({ atMs, open }: Marked, view: MarketView): boolean {
  return open.every(({ symbol }) => (view.quotes.get(symbol)?.at(-1)?.timeMs ?? Number.NEGATIVE_INFINITY) > atMs);
}

function later(a: SeenQuote | undefined, b: SeenQuote | undefined): SeenQuote | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.ref.seq > a.ref.seq ? b : a;
}

function asLastQuote(quote: SeenQuote | undefined): LastQuote | undefined {
  return quote === undefined ? undefined : { bid: quote.bid, ask: quote.ask, ref: quoteRefToWire(quote) };
}
