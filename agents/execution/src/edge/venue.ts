import type { Order } from "@countersign/orders";
import type { MarketMessage } from "@countersign/runtime";
import type { VenueReport } from "../core/edge-input.ts";

/**
 * What an adapter of a venue does. What happens at the venue comes back as return values, in the order in which it happened; nothing is
 * called back. An object of this type reaches the venue: it is made, handed to `openGate`, and held by nobody else.
 */
export interface Venue<Request> {
  readonly name: string;
  /** Pure: what would be written for this order. */
  toVenueRequest(order: Order, times: RequestTimes): Request;
  /** Pure: what a request says, read back field by field. The gate compares this with the order that the intent's bytes make. */
  orderIn(request: Request): Order;
  /** The one write. Synchronous: nothing happens between the gate's checks and it. */
  submit(request: Request): readonly VenueReport[];
  cancel(clientOrderId: string, nowMs: number): readonly VenueReport[];
  /** All that the venue ever reported about the order, from the beginning; undefined when it does not know it. */
  query(clientOrderId: string): readonly VenueReport[] | undefined;
  /** Client order ids, in the order in which they came. */
  openOrders(): readonly string[];
  /** For a venue that lives in this process: it sees the quote before anybody decides on it. */
  onMarket(message: MarketMessage): readonly VenueReport[];
}

/** The venue's own validity window travels with the order: later than this it must not take it. Decision time, ms. */
export interface RequestTimes {
  readonly nowMs: number;
  readonly validUntilMs: number;
}
