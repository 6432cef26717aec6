/**
 * What goes over the wire, in both directions, as JSON: names and statuses are FIX's, decimals are strings, times are milliseconds since
 * 1970. An execution report is the acknowledgement, the event of the user stream, the answer to a query and the line of the record.
 */
import { formatFixed, type Order, parsePrice, parseQuantity, type Side, type TimeInForce } from "@countersign/orders";
import type { RejectCode } from "./messages.ts";

/** FIX NewOrderSingle (D). */
export interface NewOrderSingle {
  /** Unique among the account's open orders alone: an ended order's may be used again. */
  readonly clOrdID: string;
  readonly account: string;
  readonly symbol: string;
  readonly side: Side;
  readonly orderQty: string;
  /** A STOP_LIMIT rests until the market reaches `stopPx`; then it is a limit order at `price`. */
  readonly ordType: "LIMIT" | "STOP_LIMIT";
  readonly price: string;
  readonly stopPx?: string;
  /** No execution outside, also where the limit would allow a better price. */
  readonly minPx: string;
  readonly maxPx: string;
  readonly timeInForce: TimeInForce;
  /** The validity window: an order that arrives later is rejected. At most a minute ahead. */
  readonly validUntilMs: number;
  /** The order never meets this quote of its symbol, or an earlier one. */
  readonly sawQuoteSeq?: string;
  /** Recorded and given back; the exchange knows orders, not positions, and judges none of it. */
  readonly reduceOnly: boolean;
  readonly attribution: Attribution;
}

type Attribution = Readonly<Pick<Order, "venue" | "mode" | "proposer" | "principal" | "parent" | "intentKey">>;

/** FIX ExecutionReport (8). */
export interface ExecutionReport {
  /** Counts all reports of the exchange, through every restart: unique for ever, and the number of its line in the record. */
  readonly execID: number;
  readonly execType: "NEW" | "REJECTED" | "TRADE" | "CANCELED" | "EXPIRED";
  /** The exchange's own; unique for ever. */
  readonly orderID: string;
  readonly clOrdID: string;
  readonly account: string;
  readonly symbol: string;
  readonly side: Side;
  readonly ordStatus: "NEW" | "PARTIALLY_FILLED" | "FILLED" | "CANCELED" | "EXPIRED" | "REJECTED";
  readonly orderQty: string;
  readonly cumQty: string;
  readonly leavesQty: string;
  readonly transactTimeMs: number;
  /** Of NEW and REJECTED: the order as it came. */
  readonly order?: NewOrderSingle;
  /** Of REJECTED. */
  readonly ordRejReason?: RejectCode;
  /** Of TRADE. */
  readonly trade?: Trade;
}

export interface Trade {
  readonly lastQty: string;
  readonly lastPx: string;
  /** Negative for a rebate. */
  readonly commission: string;
  readonly commCurrency: string;
  /** The quote it traded against: its name for ever, and what it said. */
  readonly quote: TradedQuote;
}

interface TradedQuote {
  readonly msgId: string;
  readonly seq: string;
  /** SHA-256 of the quote's body, hex. */
  readonly digest: string;
  readonly bidPx: string;
  readonly offerPx: string;
  readonly eventTimeMs: number;
}

/** What the exchange holds of an account, all of one moment: after the report `lastExecID`, and before any later one. */
export interface AccountStatus {
  readonly account: string;
  /** Of the last report that the account was told; 0 before the first. */
  readonly lastExecID: number;
  /** Those that are open, in the order in which they came. */
  readonly orders: readonly Pick<ExecutionReport, "clOrdID" | "symbol" | "side" | "orderQty" | "cumQty">[];
  readonly positions: readonly { readonly symbol: string; readonly netQty: string }[];
  /** What trades brought less what they cost and their commissions. The exchange knows no deposits. */
  readonly cash: readonly { readonly currency: string; readonly amount: string }[];
}

/** FIX OrderCancelReject (9). */
export interface CancelReject {
  readonly clOrdID: string;
  readonly cxlRejReason: "UNKNOWN_ORDER" | "TOO_LATE";
  readonly transactTimeMs: number;
}

/** What the order says on the wire. */
export function toNewOrder(
  order: Order,
  { validUntilMs, sawQuoteSeq }: { readonly validUntilMs: number; readonly sawQuoteSeq?: bigint | undefined },
): NewOrderSingle {
  const { venue, mode, proposer, principal, parent, intentKey } = order;
  return {
    clOrdID: order.clientOrderId,
    account: order.account,
    symbol: order.symbol,
    side: order.side,
    orderQty: formatFixed(order.quantity),
    ordType: order.type === "STOP" ? "STOP_LIMIT" : "LIMIT",
    price: formatFixed(order.limitPrice),
    ...(order.stopPrice && { stopPx: formatFixed(order.stopPrice) }),
    minPx: formatFixed(order.bandLow),
    maxPx: formatFixed(order.bandHigh),
    timeInForce: order.timeInForce,
    validUntilMs,
    ...(sawQuoteSeq !== undefined && { sawQuoteSeq: sawQuoteSeq.toString() }),
    reduceOnly: order.reduceOnly,
    attribution: { venue, mode, proposer, principal, parent, intentKey },
  };
}

/** The order that the wire's fields say, field by field: `fromNewOrder(toNewOrder(o))` is o. Throws OrdersError for what is no decimal. */
export function fromNewOrder(wire: NewOrderSingle): Order {
  return {
    ...wire.attribution,
    account: wire.account,
    symbol: wire.symbol,
    side: wire.side,
    quantity: parseQuantity(wire.orderQty),
    type: wire.ordType === "STOP_LIMIT" ? "STOP" : "LIMIT",
    limitPrice: parsePrice(wire.price),
    stopPrice: wire.stopPx === undefined ? undefined : parsePrice(wire.stopPx),
    bandLow: parsePrice(wire.minPx),
    bandHigh: parsePrice(wire.maxPx),
    timeInForce: wire.timeInForce,
    reduceOnly: wire.reduceOnly,
    clientOrderId: wire.clOrdID,
  };
}
