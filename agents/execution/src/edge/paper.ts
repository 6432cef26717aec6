/**
 * The paper exchange in this process, behind the Venue port and without a network. It is fed each quote first.
 *
 * It is the only adapter there is: nothing in this agent can send an order to an exchange. In `shadow` and `live` it does not open.
 */
import { type Instrument, type Mode, type Order, OrdersError, quantity, rescale } from "@countersign/orders";
import type { MarketMessage } from "@countersign/runtime";
import { type Execution, PaperVenue, type Quote, type Report, type Submission } from "@countersign/venue-paper";
import type { VenueFill, VenueReport } from "../core/edge-input.ts";
import { ExecutionError } from "../core/error.ts";
import { type SeenQuote, seenQuote } from "../core/view.ts";
import type { RequestTimes, Venue } from "./venue.ts";

export interface PaperConfig {
  readonly name: string;
  readonly mode: Mode;
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** From when an order is received to when it can trade. */
  readonly latencyMs: number;
  /**
   * Names this life of the venue. It begins empty with each process and counts its executions from one; with the session before it, an
   * execution id is unique for ever.
   */
  readonly session: string;
}

/** Throws ExecutionError `NO_VENUE_FOR_MODE`. */
export function openPaperVenue({ name, mode, instruments, latencyMs, session }: PaperConfig): Venue<Submission> {
  if (mode !== "replay" && mode !== "paper")
    throw new ExecutionError(
      "NO_VENUE_FOR_MODE",
      `there is no venue for mode ${mode}: this version trades on paper alone`,
    );
  const core = new PaperVenue({ instruments, latencyMs });
  const last = new Map<string, SeenQuote>();
  const translate = (reports: readonly Report[]): VenueReport[] =>
    reports.map((report) => toReport(report, last, session));

  return {
    name,
    toVenueRequest: (order, times) => toSubmission(order, times, last.get(order.symbol)?.ref.seq),
    orderIn: ({ order }) => order,
    submit: (request) => translate(core.submit(request)),
    cancel: (clientOrderId, nowMs) => translate(core.cancel(clientOrderId, nowMs)),
    query(clientOrderId) {
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
    },
    openOrders: () => core.openOrders().map(({ order }) => order.clientOrderId),
    onMarket(message) {
      const seen = seenQuote(message);
      const quote = seen && toQuote(message, seen, instruments.get(seen.symbol));
      if (seen === undefined || quote === undefined) return [];
      last.set(seen.symbol, seen);
      return translate(core.onQuote(quote));
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

/** In the instrument's integers. Undefined when a size is missing, or a number does not fit: such a quote trades nothing. */
function toQuote(message: MarketMessage, seen: SeenQuote, instrument: Instrument | undefined): Quote | undefined {
  if (message.type !== "market.quote" || instrument === undefined) return undefined;
  const { bidSizeUnits, askSizeUnits, quantityScale } = message.value;
  if (bidSizeUnits === undefined || askSizeUnits === undefined || quantityScale === undefined) return undefined;
  const { symbol, timeMs, ref } = seen;
  try {
    return {
      symbol,
      timeMs,
      bid: rescale(seen.bid, instrument.priceScale).units,
      ask: rescale(seen.ask, instrument.priceScale).units,
      bidSize: rescale(quantity(bidSizeUnits, quantityScale), instrument.quantityScale).units,
      askSize: rescale(quantity(askSizeUnits, quantityScale), instrument.quantityScale).units,
      ref: { symbol, msgId: ref.msgId, seq: ref.seq, digest: Buffer.from(ref.digest).toString("hex") },
    };
  } catch (error) {
    if (error instanceof OrdersError) return undefined;
    throw error;
  }
}
