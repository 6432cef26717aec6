import type { Money, Order, Price, Quantity, Side } from "@countersign/orders";

/** What is sent to the venue. All times are on one clock: the trace's in a replay, else the wall's. */
export interface Submission {
  readonly order: Order;
  /** When it reached the venue. */
  readonly receivedMs: number;
  /** The order's validity window: later than this it is not taken. */
  readonly validUntilMs: number;
  /** Sequence number of the last quote of this symbol that the decision saw; the order never meets that one or an earlier. */
  readonly sawQuoteSeq?: bigint;
}

/** One level of each side: prices in units of the instrument's price scale, sizes in units of its quantity scale. */
export interface Quote {
  readonly symbol: string;
  readonly timeMs: number;
  readonly bid: bigint;
  readonly ask: bigint;
  readonly bidSize: bigint;
  readonly askSize: bigint;
  readonly ref: QuoteRef;
}

/** Names one quote for ever. Sequence numbers grow within a symbol. */
export interface QuoteRef {
  readonly symbol: string;
  readonly msgId: string;
  readonly seq: bigint;
  /** SHA-256 of the quote's body, hex. */
  readonly digest: string;
}

interface OfOrder {
  readonly clientOrderId: string;
  readonly timeMs: number;
}

/**
 * - `UNKNOWN_SYMBOL`: the venue does not trade it
 * - `DUPLICATE_ORDER`: an order with this client order id was accepted before
 * - `EXPIRED_WINDOW`: it came after its validity window
 * - `OFF_TICK`, `OFF_LOT`: limit or stop price not on the tick, quantity not in whole lots
 */
export type RejectCode = "UNKNOWN_SYMBOL" | "DUPLICATE_ORDER" | "EXPIRED_WINDOW" | "OFF_TICK" | "OFF_LOT";

export interface Execution extends OfOrder {
  readonly type: "filled";
  /** Decimal digits, counting through the venue. */
  readonly executionId: string;
  readonly account: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly price: Price;
  readonly fee: Money;
  readonly cumQty: Quantity;
  readonly leavesQty: Quantity;
  /** The quote it traded against. */
  readonly quote: QuoteRef;
}

export type Report =
  | (OfOrder & { readonly type: "accepted" })
  | (OfOrder & { readonly type: "rejected"; readonly code: RejectCode })
  | Execution
  | (OfOrder & { readonly type: "canceled" })
  /** By time in force: what an IOC, FOK or triggered stop did not get at its quote. */
  | (OfOrder & { readonly type: "expired" })
  | (OfOrder & { readonly type: "cancelRejected"; readonly code: "UNKNOWN_ORDER" | "TOO_LATE" });

/** An order as the venue holds it: the answer to a query by client order id. */
export interface OrderReport {
  readonly order: Order;
  readonly status: "NEW" | "PARTIALLY_FILLED" | "FILLED" | "CANCELED" | "EXPIRED";
  readonly cumQty: Quantity;
  readonly leavesQty: Quantity;
}
