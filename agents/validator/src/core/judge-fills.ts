/**
 * A vote on fills, short of the books: each is of an order that was permitted, for no more than it, at a price that its band allows and
 * the validator's own feed has seen. That it happened the venue has to say: where there is a drop copy, the fill is in it. Pure.
 */

import { equals } from "@bufbuild/protobuf";
import { type Fill, type FillsBooked, QuoteRefSchema } from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import { type Book, type BookedFill, fillFromWire, type Mark, markFromWire, marksOf } from "@countersign/ledger";
import { add, compare, type Order, type Quantity, quantity, sides } from "@countersign/orders";
import { type Copies, judgeCopy } from "./drop-copy.ts";
import { type EvidenceReading, permittedOrder } from "./evidence.ts";
import type { MarketView } from "./market-view.ts";
import { refuse, type ValidatorRefusal } from "./refusal.ts";

/** What the books say of earlier fills. */
export interface Booked {
  hasExecution(fillId: string): boolean;
  /** Σ of an order's fills so far. */
  filledOf(intentKey: string): Quantity | undefined;
}

/** The fills of one proposal, in our types. Undefined fields are refused, not defaulted. */
export interface ReadFills {
  readonly ok: true;
  readonly account: string;
  readonly fills: readonly BookedFill[];
  readonly marks: readonly Mark[];
}

export function readFills({ account, fills: wires, marks: wireMarks }: FillsBooked): ReadFills | ValidatorRefusal {
  const fills: BookedFill[] = [];
  for (const wire of wires) {
    const fill = fillFromWire(wire);
    if (typeof fill === "string") return refuse("BAD_FILL", `${fill} is missing`);
    fills.push(fill);
  }
  if (!account || fills.length === 0) return refuse("BAD_FILL", "there is no account, or no fill");
  const marks: Mark[] = [];
  for (const wire of wireMarks) {
    const mark = markFromWire(wire);
    if (mark === undefined) return refuse("WRONG_MARKS", "a mark has no symbol or price");
    marks.push(mark);
  }
  return { ok: true, account, fills, marks };
}

/** The first reason not to book these fills, or undefined. */
export function judgeFills(
  request: FillsBooked,
  { fills }: ReadFills,
  booked: Booked,
  market: MarketView,
  { copies, ...reading }: EvidenceReading & { readonly copies?: Copies | undefined },
): ValidatorRefusal | undefined {
  const orders = new Map<string, Order>();
  for (const submit of request.orders) {
    const permitted = permittedOrder(submit, reading);
    if (!permitted.ok) return permitted;
    orders.set(permitted.order.intentKey, permitted.order);
  }
  const seen = new Set<string>();
  const filled = new Map<string, Quantity>();
  for (const [index, wire] of request.fills.entries()) {
    const fill = fills[index];
    const order = orders.get(wire.intentKey ?? "");
    if (fill === undefined || order === undefined) return refuse("NO_ORDER", wire.intentKey);
    const { fillId } = fill;
    const named = businessKey("fill", order.venue, order.account, wire.executionId ?? "");
    if (!wire.executionId || fillId !== named) return refuse("WRONG_FILL_ID", fillId);
    if (booked.hasExecution(fillId) || seen.has(fillId)) return refuse("EXECUTION_BOOKED", wire.executionId); // P05.once
    seen.add(fillId);
    const other = differsFrom(order, wire, request.account);
    if (other !== undefined) return refuse("ORDER_MISMATCH", other); // P05.order
    const before = filled.get(order.intentKey) ?? booked.filledOf(order.intentKey) ?? quantity(0n, 0);
    const total = add(before, fill.quantity);
    if (compare(total, order.quantity) > 0) return refuse("OVERFILLED", order.intentKey); // P05.quantity
    filled.set(order.intentKey, total);
    const unborne = copies && judgeCopy(copies, wire, fill);
    if (unborne !== undefined) return unborne;
    const outside = outsideMarket(order, wire, fill, market);
    if (outside !== undefined) return outside;
  }
  return undefined;
}

/** Whether the entry's marks are those that this validator's own feed gives to the book after the fills. */
export function judgeMarks(book: Book, { fills, marks }: ReadFills, market: MarketView): ValidatorRefusal | undefined {
  const timeMs = fills.at(-1)?.timeMs ?? 0;
  const expected = marksOf(book, (symbol) => market.lastAt(symbol, timeMs));
  const wrong = expected.find((mark) => !marks.some((other) => sameMark(mark, other) || wasLast(other, mark.symbol)));
  if (wrong !== undefined) return refuse("WRONG_MARKS", difference(wrong, marks)); // P05.marks
  if (marks.length !== expected.length) return refuse("WRONG_MARKS", "a mark of nothing that is held");
  return undefined;

  /** Of a proposer whose feed was a little behind this one: then its mark is that of the quote it had. */
  function wasLast(other: Mark, symbol: string): boolean {
    if (other.symbol !== symbol || other.quote === undefined) return false;
    return market.lastWithin(symbol, timeMs).some((quote) => {
      const [mark] = marksOf(book, (held) => (held === symbol ? quote : undefined)).filter(
        (one) => one.symbol === symbol,
      );
      return mark !== undefined && sameMark(mark, other);
    });
  }
}

/** For who has to find out whose feed is wrong: both quotes by their seq. */
function difference({ symbol, quote }: Mark, marks: readonly Mark[]): string {
  const other = marks.find((mark) => mark.symbol === symbol);
  const says = (mark: Mark | undefined) =>
    mark === undefined ? "not at all" : `by quote ${mark.quote?.seq ?? "none"}`;
  return `${symbol} is marked ${says(other)}, here by quote ${quote?.seq ?? "none"}`;
}

/** The first field in which the fill is not of the order. */
function differsFrom(order: Order, fill: Fill, account: string | undefined): string | undefined {
  if (account !== order.account || fill.account !== order.account) return "account";
  for (const field of ["venue", "symbol", "clientOrderId", "proposer", "principal"] as const)
    if (fill[field] !== order[field]) return field;
  return sides.fromWire(fill.side) === order.side ? undefined : "side";
}

function outsideMarket(order: Order, wire: Fill, fill: BookedFill, market: MarketView): ValidatorRefusal | undefined {
  const inBand = compare(fill.price, order.bandLow) >= 0 && compare(fill.price, order.bandHigh) <= 0;
  if (!inBand) return refuse("OUTSIDE_BAND", order.intentKey); // P05.band
  const { symbol, msgId, digest } = wire.quote ?? {};
  if (symbol !== order.symbol || !msgId || digest === undefined) return refuse("QUOTE_UNKNOWN", "no quote is named");
  const range = market.rangeSince({ symbol, msgId, digest }, fill.timeMs);
  if (range === undefined) return refuse("QUOTE_UNKNOWN", msgId); // P05.quote
  const inMarket = compare(fill.price, range.low) >= 0 && compare(fill.price, range.high) <= 0;
  if (!inMarket) return refuse("OUTSIDE_MARKET", msgId); // P05.market
  return undefined;
}

function sameMark(a: Mark, b: Mark): boolean {
  if (a.symbol !== b.symbol || compare(a.price, b.price) !== 0) return false;
  if (a.quote === undefined || b.quote === undefined) return a.quote === b.quote;
  return equals(QuoteRefSchema, a.quote, b.quote);
}
