/**
 * A venue that is a program of its own, over HTTP: the paper exchange of `venues/paper`. Orders are written by requests, what becomes of
 * them comes by its user stream.
 */
import { fromNewOrder, type NewOrderSingle, toNewOrder } from "@countersign/venue-paper";
import { ExecutionError } from "../../core/error.ts";
import { seenQuote } from "../../core/view.ts";
import type { Line, Venue } from "../venue.ts";
import type { VenueAddress } from "./client.ts";
import { NetworkLine } from "./line.ts";
import type { OrderRequest } from "./submits.ts";

export interface NetworkConfig extends VenueAddress {
  readonly name: string;
  /** No order that an earlier process wrote is valid after this: see LineOptions. */
  readonly earlierUntilMs: number;
}

/** Nothing is opened yet. Throws ExecutionError `BAD_VENUE_ADDRESS`. */
export function openNetworkVenue(config: NetworkConfig): Venue<OrderRequest> & { readonly line: Line } {
  const { name, url } = config;
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new ExecutionError("BAD_VENUE_ADDRESS", `venue ${name}: ${url} is no http address`);
  const line = new NetworkLine(config);
  const quoteSeqs = new Map<string, bigint>();

  return {
    name,
    toVenueRequest(order, { validUntilMs }) {
      const wire = toNewOrder(order, { validUntilMs, sawQuoteSeq: quoteSeqs.get(order.symbol) });
      return { clientOrderId: order.clientOrderId, validUntilMs, body: JSON.stringify(wire) };
    },
    // Read back from the bytes that are written.
    orderIn: ({ body }) => fromNewOrder(JSON.parse(body) as NewOrderSingle),
    submit: (request) => line.submit(request),
    cancel(clientOrderId) {
      line.cancel(clientOrderId);
      return [];
    },
    reconcile(asked) {
      line.reconcile(asked);
      return undefined;
    },
    look() {
      line.look();
      return undefined;
    },
    // It reads the market for itself. It is told what was seen here, so that no order meets a quote that its decision saw.
    onMarket(message) {
      const seen = seenQuote(message);
      if (seen !== undefined) quoteSeqs.set(seen.symbol, seen.ref.seq);
      return [];
    },
    line,
  };
}
