/** What the paper exchange says, in the core's words: by whatever way it was said. */
import { type Money, parseMoney, parsePrice, parseQuantity, type Quantity } from "@countersign/orders";
import type { AccountStatus, ExecutionReport, Trade } from "@countersign/venue-paper";
import type { Look, VenueFill, VenueReport } from "../core/edge-input.ts";
import type { SeenQuote } from "../core/view.ts";

/** The venue's execution report in the core's words. */
export function toVenueReport(report: ExecutionReport): VenueReport {
  const { clOrdID: clientOrderId, execID, execType, symbol, transactTimeMs: timeMs, trade } = report;
  switch (execType) {
    case "NEW":
      return { type: "accepted", clientOrderId };
    case "CANCELED":
      return { type: "canceled", clientOrderId };
    case "EXPIRED":
      return { type: "expired", clientOrderId };
    case "REJECTED":
      return { type: "rejected", clientOrderId, code: report.ordRejReason ?? "REJECTED" };
    case "TRADE": {
      if (trade === undefined) throw new Error(`broken invariant: the venue's trade ${execID} says what was traded`);
      const { lastQty, lastPx, commission, commCurrency } = trade;
      return {
        type: "filled",
        clientOrderId,
        executionId: String(execID),
        quantity: parseQuantity(lastQty),
        price: parsePrice(lastPx),
        commission: parseMoney(commission, commCurrency),
        timeMs,
        quote: toSeenQuote(symbol, trade),
      };
    }
  }
}

/** In the venue's words: whoever books the fill looks the quote up in a feed of its own. */
function toSeenQuote(symbol: string, { quote }: Trade): SeenQuote {
  const { msgId, seq, digest, bidPx, offerPx, eventTimeMs } = quote;
  const ref = { msgId, seq: BigInt(seq), digest: new Uint8Array(Buffer.from(digest, "hex")) };
  return { symbol, bid: parsePrice(bidPx), ask: parsePrice(offerPx), timeMs: eventTimeMs, ref };
}

/** What it holds, with the executions since the last look. */
export function toLook(
  venue: string,
  timeMs: number,
  { orders, positions, cash }: AccountStatus,
  executions: readonly VenueFill[],
): Look {
  return {
    venue,
    timeMs,
    orders: orders.map(({ clOrdID, symbol, side, orderQty, cumQty }) => ({
      clientOrderId: clOrdID,
      ...{ symbol, side, quantity: parseQuantity(orderQty), cumQty: parseQuantity(cumQty) },
    })),
    executions,
    positions: Object.fromEntries(
      positions.map(({ symbol, netQty }): [string, Quantity] => [symbol, parseQuantity(netQty)]),
    ),
    cash: Object.fromEntries(
      cash.map(({ currency, amount }): [string, Money] => [currency, parseMoney(amount, currency)]),
    ),
  };
}
