/**
 * The venue of a shadow cluster: the paper exchange in this process, with its durable record in a folder. It trades on the quotes that this process reads,
 * whoever's they are, and writes to nobody: it has no address, no key and no line. What it held when its process ended, it holds again.
 */
import { fromNewOrder, type NewOrderSingle, toNewOrder, toQuote } from "@countersign/venue-paper";
import { Exchange, type ExchangeOptions } from "@countersign/venue-paper/exchange";
import type { VenueReport } from "../core/edge-input.ts";
import { seenQuote } from "../core/view.ts";
import { toLook, toVenueReport } from "./reports.ts";
import type { Venue } from "./venue.ts";

export interface ShadowConfig extends ExchangeOptions {
  readonly name: string;
  readonly account: string;
}

/** Its record is opened when it is first asked anything; that throws ExchangeError `RECORD_DAMAGED`, `RECORD_IN_USE`. */
export function openShadowVenue({ name, account, ...options }: ShadowConfig): Venue<NewOrderSingle> {
  const quoteSeqs = new Map<string, bigint>();
  const said: VenueReport[] = [];
  const told = () => said.splice(0);
  let opened: Exchange | undefined;
  const exchange = (): Exchange => {
    if (opened !== undefined) return opened;
    opened = new Exchange(options);
    opened.subscribe((report) => said.push(toVenueReport(report)));
    return opened;
  };

  return {
    name,
    toVenueRequest: (order, { validUntilMs }) =>
      toNewOrder(order, { validUntilMs, sawQuoteSeq: quoteSeqs.get(order.symbol) }),
    orderIn: fromNewOrder,
    submit(request) {
      exchange().place(account, request);
      return told();
    },
    cancel(clientOrderId) {
      const answer = exchange().cancel(account, clientOrderId);
      if ("cxlRejReason" in answer) return [{ type: "cancelRejected", clientOrderId, code: answer.cxlRejReason }];
      return told();
    },
    reconcile: ({ clientOrderIds }) => ({
      orders: clientOrderIds.map((clientOrderId) => ({
        clientOrderId,
        reports: exchange().recent(account, clientOrderId)?.map(toVenueReport) ?? null,
      })),
      strays: exchange()
        .openOrders(account)
        .map(({ order }) => order.clOrdID)
        .filter((id) => !clientOrderIds.includes(id)),
    }),
    // What an order brings about here is told at once: there is no execution that could have been lost.
    look: () => toLook(name, exchange().nowMs(), exchange().status(account), []),
    onMarket(message) {
      const seen = seenQuote(message);
      if (seen !== undefined) quoteSeqs.set(seen.symbol, seen.ref.seq);
      const quote = toQuote(message, options.instruments);
      if (quote === undefined) return [];
      exchange().onQuote(quote);
      return told();
    },
  };
}
