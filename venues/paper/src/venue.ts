import { type Instrument, price, quantity } from "@countersign/orders";
import { feeOf } from "./fee.ts";
import { isTriggered, type Match, match, meets } from "./match.ts";
import type { Execution, OrderReport, Quote, RejectCode, Report, Submission } from "./messages.ts";
import { dequeue, enqueue, type Queue } from "./queue.ts";
import { isOpen, toWorking, type Working } from "./working.ts";

export interface PaperOptions {
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** From when an order is received to when it can trade. */
  readonly latencyMs: number;
  /** `false`: what has ended is forgotten at once, with its executions, by whoever keeps a record of its own. Else all is kept. */
  readonly keepEnded?: boolean;
}

/** Everything the venue knows, as plain data: bigints and all, `stringifyExact` of `orders` writes it. */
export interface PaperSnapshot {
  readonly orders: readonly Working[];
  readonly executions: readonly Execution[];
  readonly lastQuoteMs: Readonly<Record<string, number>>;
  readonly unusableQuotes: number;
}

/** The orders of one symbol by where they are. */
interface Market {
  readonly instrument: Instrument;
  arriving: Working[];
  stops: Working[];
  readonly bids: Queue;
  readonly offers: Queue;
  lastQuoteMs: number;
}

/**
 * A simulated exchange: deterministic, without I/O, clock or randomness. The same calls in the same order give the same reports and
 * the same execution ids.
 *
 * 1. An order trades with quotes that come after it, never with one that its decision may have seen.
 * 2. It trades at the quote's price, within its limit and its band, and for no more than the quote displays. What one order took is
 *    gone for the next, until the next quote.
 * 3. A client order id is used once, for ever.
 * 4. After `canceled` or `expired` nothing is filled.
 */
export class PaperVenue {
  /** Quotes that nothing could trade on: older than the last, crossed, or not positive. */
  unusableQuotes = 0;
  readonly #latencyMs: number;
  readonly #keepEnded: boolean;
  readonly #markets: ReadonlyMap<string, Market>;
  readonly #orders = new Map<string, Working>();
  readonly #executions: Execution[] = [];
  #arrivals = 0;
  #executed = 0;

  constructor(options: PaperOptions) {
    this.#latencyMs = options.latencyMs;
    this.#keepEnded = options.keepEnded ?? true;
    const market = (instrument: Instrument): Market => ({
      instrument,
      arriving: [],
      stops: [],
      bids: [],
      offers: [],
      lastQuoteMs: Number.NEGATIVE_INFINITY,
    });
    this.#markets = new Map([...options.instruments].map(([symbol, instrument]) => [symbol, market(instrument)]));
  }

  /** Takes an order, or rejects it. It trades from the first quote it meets on, never at once. */
  submit(submission: Submission): Report[] {
    const { order, receivedMs: timeMs, validUntilMs } = submission;
    const { clientOrderId } = order;
    const reject = (code: RejectCode): Report[] => [{ type: "rejected", clientOrderId, timeMs, code }];
    const market = this.#markets.get(order.symbol);
    if (market === undefined) return reject("UNKNOWN_SYMBOL");
    if (this.#orders.has(clientOrderId)) return reject("DUPLICATE_ORDER");
    if (timeMs > validUntilMs) return reject("EXPIRED_WINDOW");
    const working = toWorking(submission, market.instrument, {
      arrival: this.#arrivals,
      latencyMs: this.#latencyMs,
    });
    if (typeof working === "string") return reject(working);
    this.#arrivals += 1;
    this.#orders.set(clientOrderId, working);
    market.arriving.push(working);
    return [{ type: "accepted", clientOrderId, timeMs }];
  }

  cancel(clientOrderId: string, timeMs: number): Report[] {
    const working = this.#orders.get(clientOrderId);
    if (working === undefined) return [{ type: "cancelRejected", clientOrderId, timeMs, code: "UNKNOWN_ORDER" }];
    if (!isOpen(working)) return [{ type: "cancelRejected", clientOrderId, timeMs, code: "TOO_LATE" }];
    const market = this.#marketOf(working);
    if (working.place === "resting") dequeue(working.buys ? market.bids : market.offers, working);
    else if (working.place === "stop") market.stops = market.stops.filter((other) => other !== working);
    else market.arriving = market.arriving.filter((other) => other !== working);
    this.#end(working, "canceled");
    return [{ type: "canceled", clientOrderId, timeMs }];
  }

  /** Lets the waiting orders of the symbol meet a new quote. Fills come by priority, buys first; then what expired. */
  onQuote(quote: Quote): Report[] {
    const market = this.#markets.get(quote.symbol);
    if (market === undefined) return [];
    if (!isUsable(quote) || quote.timeMs < market.lastQuoteMs) {
      this.unusableQuotes += 1;
      return [];
    }
    market.lastQuoteMs = quote.timeMs;
    const immediate = admit(market, quote);
    const buys = immediate.filter((working) => working.buys);
    const sells = immediate.filter((working) => !working.buys);
    const reports: Report[] = [];
    for (const each of match(market.bids, buys, { price: quote.ask, size: quote.askSize }))
      reports.push(this.#execute(each, quote, quote.ask, market.instrument));
    for (const each of match(market.offers, sells, { price: quote.bid, size: quote.bidSize }))
      reports.push(this.#execute(each, quote, quote.bid, market.instrument));
    for (const working of immediate) {
      if (working.leaves === 0n) continue;
      this.#end(working, "expired");
      reports.push({ type: "expired", clientOrderId: working.order.clientOrderId, timeMs: quote.timeMs });
    }
    return reports;
  }

  /** In the order in which they came. */
  openOrders(): OrderReport[] {
    return [...this.#orders.values()].filter(isOpen).map((working) => this.#report(working));
  }

  /** Undefined when no such order was ever accepted. */
  order(clientOrderId: string): OrderReport | undefined {
    const working = this.#orders.get(clientOrderId);
    return working && this.#report(working);
  }

  /** The executions after the one with this id; all of them after "0". */
  executions(sinceId: string): readonly Execution[] {
    return this.#executions.slice(Number(sinceId));
  }

  snapshot(): PaperSnapshot {
    const quoted = [...this.#markets].filter(([, { lastQuoteMs }]) => lastQuoteMs !== Number.NEGATIVE_INFINITY);
    return structuredClone({
      orders: [...this.#orders.values()],
      executions: this.#executions,
      lastQuoteMs: Object.fromEntries(quoted.map(([symbol, { lastQuoteMs }]) => [symbol, lastQuoteMs])),
      unusableQuotes: this.unusableQuotes,
    });
  }

  /** A venue that goes on where the snapshot was taken. The instruments have to be the same. */
  static restore(options: PaperOptions, snapshot: PaperSnapshot): PaperVenue {
    const venue = new PaperVenue(options);
    const { orders, executions, lastQuoteMs, unusableQuotes } = structuredClone(snapshot);
    venue.unusableQuotes = unusableQuotes;
    venue.#executions.push(...executions);
    venue.#executed = executions.length;
    for (const working of orders) {
      venue.#arrivals = Math.max(venue.#arrivals, working.arrival + 1);
      venue.#orders.set(working.order.clientOrderId, working);
      const market = venue.#marketOf(working);
      if (working.place === "arriving") market.arriving.push(working);
      if (working.place === "stop") market.stops.push(working);
      if (working.place === "resting") enqueue(working.buys ? market.bids : market.offers, working);
    }
    for (const [symbol, market] of venue.#markets) market.lastQuoteMs = lastQuoteMs[symbol] ?? market.lastQuoteMs;
    return venue;
  }

  #execute({ working, size }: Match, quote: Quote, at: bigint, instrument: Instrument): Execution {
    const { order } = working;
    if (working.leaves === 0n) this.#end(working, "filled");
    const execution: Execution = {
      type: "filled",
      clientOrderId: order.clientOrderId,
      timeMs: quote.timeMs,
      executionId: String(++this.#executed),
      account: order.account,
      symbol: order.symbol,
      side: order.side,
      quantity: quantity(size, instrument.quantityScale),
      price: price(at, instrument.priceScale),
      fee: feeOf(at, size, instrument),
      cumQty: quantity(working.quantity - working.leaves, instrument.quantityScale),
      leavesQty: quantity(working.leaves, instrument.quantityScale),
      quote: quote.ref,
    };
    if (this.#keepEnded) this.#executions.push(execution);
    return execution;
  }

  #end(working: Working, place: "canceled" | "expired" | "filled"): void {
    working.place = place;
    if (!this.#keepEnded) this.#orders.delete(working.order.clientOrderId);
  }

  #report(working: Working): OrderReport {
    const { quantityScale } = this.#marketOf(working).instrument;
    return {
      order: working.order,
      status: statusOf(working),
      cumQty: quantity(working.quantity - working.leaves, quantityScale),
      leavesQty: quantity(working.leaves, quantityScale),
    };
  }

  #marketOf(working: Working): Market {
    const market = this.#markets.get(working.order.symbol);
    if (market === undefined) throw new Error(`the venue does not trade ${working.order.symbol} any more`);
    return market;
  }
}

/**
 * Takes in the orders that meet this quote: limits go to their queue, stops wait. Answers those that live for this quote alone: IOC,
 * FOK, and stops it triggers, each an IOC limit at the edge of its band.
 */
function admit(market: Market, quote: Quote): Working[] {
  const immediate: Working[] = [];
  const [arrived, arriving] = partition(market.arriving, (working) => meets(working, quote));
  market.arriving = arriving;
  for (const working of arrived) {
    if (working.stop !== undefined) {
      working.place = "stop";
      market.stops.push(working);
    } else if (working.order.timeInForce === "GTC") {
      working.place = "resting";
      enqueue(working.buys ? market.bids : market.offers, working);
    } else immediate.push(working);
  }
  const [triggered, waiting] = partition(market.stops, (working) => isTriggered(working, quote));
  market.stops = waiting;
  // By their arrival, and not by when they began to wait: an order that came first comes first, also in a venue that was restored.
  return [...immediate, ...triggered.toSorted((a, b) => a.arrival - b.arrival)];
}

function partition(all: Working[], belongs: (working: Working) => boolean): [Working[], Working[]] {
  const kept: Working[] = [];
  const taken: Working[] = [];
  for (const working of all) (belongs(working) ? taken : kept).push(working);
  return [taken, kept];
}

function isUsable({ bid, ask, bidSize, askSize }: Quote): boolean {
  return bid > 0n && ask >= bid && bidSize >= 0n && askSize >= 0n;
}

function statusOf(working: Working): OrderReport["status"] {
  switch (working.place) {
    case "filled":
      return "FILLED";
    case "canceled":
      return "CANCELED";
    case "expired":
      return "EXPIRED";
    default:
      return working.leaves < working.quantity ? "PARTIALLY_FILLED" : "NEW";
  }
}
