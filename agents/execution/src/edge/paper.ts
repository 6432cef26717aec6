/**
 * The paper exchange in this process, behind the Venue port and without a network. It is fed each quote first.
 */
import type { Instrument, Order } from "@countersign/orders";
import { type Execution, PaperVenue, type Report, type Submission, Tally, toQuote } from "@countersign/venue-paper";
import type { VenueFill, VenueReport } from "../core/edge-input.ts";
import { type SeenQuote, seenQuote } from "../core/view.ts";
import type { RequestTimes, Venue } from "./venue.ts";

export interface PaperConfig {
  readonly name: string;
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** From when an order is received to when it can trade. */
  readonly latencyMs: number;
  /**
   * Names this life of the venue. It begins empty with each process and counts its executions from one; with the session before it, an
   * execution id is unique for ever.
   */
  readonly session: string;
}

export function openPaperVenue({ name, instruments, latencyMs, session }: PaperConfig): Venue<Submission> {
  const core = new PaperVenue({ instruments, latencyMs });
  const last = new Map<string, SeenQuote>();
  const tally = new Tally();
  const translate = (reports: readonly Report[]): VenueReport[] =>
    reports.map((report) => toReport(report, last, session));

  function query(clientOrderId: string): VenueReport[] | undefined {
    const known = core.order(clientOrderId);
    if (known === undefined) return undefined;
    const fills = core.executions("0").filter((execution) => execution.clientOrderId === clientOrderId);
    const { status } = known;
    const end: VenueReport[] =
      status === "CANCELED"
        ? [{ type: "canceled", clientOrderId }]
        : status === "EXPIRED"
          ? [{ type: "expired", clientOrderId }]
          : [];
    return [{ type: "accepted", clientOrderId }, ...translate(fills), ...end];
  }

  return {
    name,
    toVenueRequest: (order, times) => toSubmission(order, times, last.get(order.symbol)?.ref.seq),
    orderIn: ({ order }) => order,
    submit: (request) => translate(core.submit(request)),
    cancel: (clientOrderId, nowMs) => translate(core.cancel(clientOrderId, nowMs)),
    reconcile: ({ clientOrderIds }) => ({
      orders: clientOrderIds.map((clientOrderId) => ({ clientOrderId, reports: query(clientOrderId) ?? null })),
      strays: core
        .openOrders()
        .map(({ order }) => order.clientOrderId)
        .filter((id) => !clientOrderIds.includes(id)),
    }),
    // What an order brings about here is told at once: there is no execution that could have been lost.
    look: (nowMs) => ({
      venue: name,
      timeMs: nowMs,
      orders: core.openOrders().map(({ order: { clientOrderId, symbol, side, quantity }, cumQty }) => ({
        ...{ clientOrderId, symbol, side, quantity, cumQty },
      })),
      executions: [],
      positions: Object.fromEntries(tally.positions),
      cash: Object.fromEntries(tally.cash),
    }),
    onMarket(message) {
      const seen = seenQuote(message);
      const quote = seen && toQuote(message, instruments);
      if (seen === undefined || quote === undefined) return [];
      last.set(seen.symbol, seen);
      const reports = core.onQuote(quote);
      for (const one of reports) if (one.type === "filled") tally.trade({ ...one, commission: one.fee });
      return translate(reports);
    },
  };
}

/** A copy, so that what is compared is what is written. It meets no quote that was there before it. */
function toSubmission(
  order: Order,
  { nowMs, validUntilMs }: RequestTimes,
  sawQuoteSeq: bigint | undefined,
): Submission {
  return {
    order: { ...order },
    receivedMs: nowMs,
    validUntilMs,
    ...(sawQuoteSeq === undefined ? {} : { sawQuoteSeq }),
  };
}

function toReport(report: Report, last: ReadonlyMap<string, SeenQuote>, session: string): VenueReport {
  const { clientOrderId } = report;
  switch (report.type) {
    case "accepted":
    case "canceled":
    case "expired":
      return { type: report.type, clientOrderId };
    case "rejected":
    case "cancelRejected":
      return { type: report.type, clientOrderId, code: report.code };
    case "filled":
      return toFill(report, last.get(report.symbol), session);
  }
}

function toFill(execution: Execution, seen: SeenQuote | undefined, session: string): VenueFill {
  const { clientOrderId, executionId, quantity, price, fee, timeMs, quote } = execution;
  const fill = { clientOrderId, quantity, price, timeMs, commission: fee, executionId: `${session}-${executionId}` };
  return { type: "filled", ...fill, ...(seen?.ref.msgId === quote.msgId ? { quote: seen } : {}) };
}
