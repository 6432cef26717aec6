/**
 * The exchange: the paper venue's core, with accounts, ids of its own and a durable record.
 *
 * 1. Nothing is answered, and nothing is told to anybody, that is not in the record.
 * 2. What it holds in memory is a fold of its reports, the same when they happen and when the record is replayed.
 * 3. A client order id is unique among an account's open orders. Order ids and execution ids are the exchange's own, and unique for ever.
 * 4. An order is taken within its validity window, by the exchange's clock, or never.
 * 5. Its clock never goes back behind what it has reported.
 */
import { setImmediate } from "node:timers/promises";
import { formatFixed, type Instrument, type Quantity, quantity } from "@countersign/orders";
import type { Execution, Quote, RejectCode, Report } from "../messages.ts";
import { PaperVenue } from "../venue.ts";
import {
  type AccountStatus,
  type CancelReject,
  type ExecutionReport,
  fromNewOrder,
  type NewOrderSingle,
} from "../wire.ts";
import { toWorking, type Working } from "../working.ts";
import { ExchangeError } from "./error.ts";
import { Holdings, isDuplicate, type OrderStatus } from "./holdings.ts";
import { ExchangeRecord } from "./record.ts";

export interface ExchangeOptions {
  readonly dir: string;
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** From when an order is received to when it can trade. */
  readonly latencyMs: number;
  readonly nowMs: () => number;
  readonly note: (text: string) => void;
}

export interface ExecutionsPage {
  readonly executions: readonly ExecutionReport[];
  /** There are more after the last of these. */
  readonly more: boolean;
}

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #record: ExchangeRecord;
  readonly #core: PaperVenue;
  readonly #holdings: Holdings;
  readonly #listeners = new Set<(report: ExecutionReport) => void>();
  #lastMs = 0;

  /** Throws ExchangeError `RECORD_DAMAGED`, `RECORD_IN_USE`. */
  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#holdings = new Holdings(options.instruments);
    this.#record = ExchangeRecord.open(options.dir, { replay: (report) => this.#fold(report), note: options.note });
    const { instruments, latencyMs } = options;
    const orders = this.#holdings.open().map((held, arrival) => this.#rest(held, arrival));
    const paper = { instruments, latencyMs, keepEnded: false };
    this.#core = PaperVenue.restore(paper, { orders, executions: [], lastQuoteMs: {}, unusableQuotes: 0 });
  }

  /** The exchange's clock. */
  nowMs(): number {
    return Math.max(this.#lastMs, this.#options.nowMs());
  }

  get lastExecID(): number {
    return this.#record.length;
  }

  /** NEW or REJECTED. Throws ExchangeError `BAD_REQUEST`, `WRONG_ACCOUNT`; then it is no order at all. */
  place(account: string, order: NewOrderSingle): ExecutionReport {
    const transactTimeMs = this.nowMs();
    if (order.account !== account) throw new ExchangeError("WRONG_ACCOUNT", `an order for account ${order.account}`);
    if (order.validUntilMs > transactTimeMs + WINDOW_MS_MAX)
      throw new ExchangeError("BAD_REQUEST", `order.validUntilMs is more than ${WINDOW_MS_MAX} ms ahead`);
    const orderID = `P${this.lastExecID + 1}`;
    const code = this.#holdings.isOpen(account, order.clOrdID)
      ? "DUPLICATE_ORDER"
      : this.#submit(order, orderID, transactTimeMs);
    const { clOrdID, symbol, side, orderQty } = order;
    const report: ExecutionReport = {
      execID: this.lastExecID + 1,
      execType: code === undefined ? "NEW" : "REJECTED",
      ...{ orderID, clOrdID, account, symbol, side },
      ordStatus: code === undefined ? "NEW" : "REJECTED",
      orderQty,
      cumQty: "0",
      leavesQty: code === undefined ? orderQty : "0",
      transactTimeMs,
      order,
      ...(code !== undefined && { ordRejReason: code }),
    };
    this.#commit([report]);
    return report;
  }

  cancel(account: string, clOrdID: string): ExecutionReport | CancelReject {
    const transactTimeMs = this.nowMs();
    const held = this.#holdings.latest(account, clOrdID);
    if (held === undefined) return { clOrdID, cxlRejReason: "UNKNOWN_ORDER", transactTimeMs };
    const [said] = this.#core.cancel(held.orderID, transactTimeMs);
    if (said?.type !== "canceled") return { clOrdID, cxlRejReason: "TOO_LATE", transactTimeMs };
    const report = this.#ended(held, "CANCELED", transactTimeMs, this.lastExecID + 1);
    this.#commit([report]);
    return report;
  }

  /** Lets the orders meet a quote, whenever its event was: by the exchange's clock it is now. One seen before, or an earlier, is dropped. */
  onQuote(quote: Quote): void {
    if (!this.#holdings.isNews(quote.ref)) return;
    const said = this.#core.onQuote({ ...quote, timeMs: this.nowMs() });
    let execID = this.lastExecID;
    const left = new Map<string, bigint>();
    this.#commit(said.flatMap((report) => this.#marketReport(report, quote, { left, execID: ++execID }) ?? []));
  }

  /** All that was reported of the account's last order with this client order id, oldest first; empty when there was none. */
  async order(account: string, clOrdID: string): Promise<readonly ExecutionReport[]> {
    const recent = this.recent(account, clOrdID);
    if (recent !== undefined) return recent;
    // Long ended, so in the record alone.
    let found: ExecutionReport[] = [];
    let read = 0;
    for (const report of this.#record.after(0)) {
      if (++read % 2_000 === 0) await setImmediate();
      if (report.account !== account || report.clOrdID !== clOrdID || isDuplicate(report)) continue;
      found = report.order === undefined ? [...found, report] : [report];
    }
    return found;
  }

  /** The same, from memory: of every order that works, and of those that ended within a minute of the last report, or after the start. */
  recent(account: string, clOrdID: string): readonly ExecutionReport[] | undefined {
    return this.#holdings.latest(account, clOrdID)?.reports;
  }

  openOrders(account: string): readonly OrderStatus[] {
    return this.#holdings.open().filter((held) => held.order.account === account);
  }

  /** The account's trades after this execution id, oldest first. */
  async executions(account: string, since: number, limit: number): Promise<ExecutionsPage> {
    const executions: ExecutionReport[] = [];
    let read = 0;
    for (const report of this.#record.after(since)) {
      if (++read % 2_000 === 0) await setImmediate();
      if (report.execType !== "TRADE" || report.account !== account) continue;
      if (executions.length === limit) return { executions, more: true };
      executions.push(report);
    }
    return { executions, more: false };
  }

  /** Of the last report that the account was told; 0 before the first. */
  lastExecIDOf(account: string): number {
    return this.#holdings.lastExecID(account);
  }

  /** All of one moment. */
  status(account: string): AccountStatus {
    return this.#holdings.status(account);
  }

  /** Each report from now on, after it is in the record. Answers how to stop. */
  subscribe(listener: (report: ExecutionReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#record.close();
  }

  #submit(order: NewOrderSingle, orderID: string, receivedMs: number): RejectCode | undefined {
    const { validUntilMs, sawQuoteSeq } = order;
    const [said] = this.#core.submit({
      order: { ...fromNewOrder(order), clientOrderId: orderID },
      receivedMs,
      validUntilMs,
      ...(sawQuoteSeq !== undefined && { sawQuoteSeq: BigInt(sawQuoteSeq) }),
    });
    return said?.type === "rejected" ? said.code : undefined;
  }

  /** After a restart: it waits for its next quote, in its old place in the line, with what it had left. */
  #rest(held: OrderStatus, arrival: number): Working {
    const { order, orderID, placedMs, cumUnits } = held;
    const instrument = this.#options.instruments.get(order.symbol);
    const submission = {
      order: { ...fromNewOrder(order), clientOrderId: orderID },
      receivedMs: placedMs,
      validUntilMs: order.validUntilMs,
      ...(order.sawQuoteSeq !== undefined && { sawQuoteSeq: BigInt(order.sawQuoteSeq) }),
    };
    const { latencyMs } = this.#options;
    const working = instrument && toWorking(submission, instrument, { arrival, latencyMs });
    if (working === undefined || typeof working === "string")
      throw new ExchangeError(
        "BAD_OPTION",
        `order ${orderID} is open, and the instruments do not take its ${order.symbol} any more (${working ?? "no such symbol"})`,
      );
    return { ...working, leaves: working.quantity - cumUnits };
  }

  /** `left` of each order so far in this quote: one order may have several reports before any is folded. */
  #marketReport(
    report: Report,
    quote: Quote,
    { left, execID }: { readonly left: Map<string, bigint>; readonly execID: number },
  ): ExecutionReport | undefined {
    const held = this.#holdings.byOrderID(report.clientOrderId);
    if (held === undefined) throw new Error(`broken invariant: the core reports ${report.clientOrderId}`);
    if (report.type === "filled") {
      left.set(held.orderID, report.leavesQty.units);
      return this.#traded(held, report, { quote, execID });
    }
    if (report.type !== "expired") throw new Error(`broken invariant: a quote brings about ${report.type}`);
    return this.#ended(held, "EXPIRED", report.timeMs, execID, left.get(held.orderID));
  }

  #traded(
    held: OrderStatus,
    execution: Execution,
    { quote, execID }: { readonly quote: Quote; readonly execID: number },
  ): ExecutionReport {
    const { cumQty, leavesQty, fee, timeMs } = execution;
    const { msgId, seq, digest } = quote.ref;
    const scale = this.#instrument(held).priceScale;
    return {
      execID,
      execType: "TRADE",
      ...headOf(held),
      ordStatus: leavesQty.units === 0n ? "FILLED" : "PARTIALLY_FILLED",
      cumQty: formatFixed(cumQty),
      leavesQty: formatFixed(leavesQty),
      transactTimeMs: timeMs,
      trade: {
        lastQty: formatFixed(execution.quantity),
        lastPx: formatFixed(execution.price),
        commission: formatFixed(fee),
        commCurrency: fee.currency,
        quote: {
          ...{ msgId, seq: seq.toString(), digest },
          bidPx: formatFixed({ units: quote.bid, scale }),
          offerPx: formatFixed({ units: quote.ask, scale }),
          eventTimeMs: quote.timeMs,
        },
      },
    };
  }

  #ended(
    held: OrderStatus,
    execType: "CANCELED" | "EXPIRED",
    transactTimeMs: number,
    execID: number,
    leavesUnits?: bigint,
  ): ExecutionReport {
    const whole = this.#quantityOf(held);
    const cumUnits = leavesUnits === undefined ? held.cumUnits : whole.units - leavesUnits;
    const cumQty = formatFixed(quantity(cumUnits, whole.scale));
    // FIX: what is left of an order that works no more is nothing.
    return {
      execID,
      execType,
      ...headOf(held),
      ordStatus: execType,
      cumQty,
      leavesQty: "0",
      transactTimeMs,
    };
  }

  #quantityOf({ order }: OrderStatus): Quantity {
    const { quantityScale } = this.#instrument({ order });
    const exact = fromNewOrder(order).quantity;
    return quantity((exact.units * 10n ** BigInt(quantityScale)) / 10n ** BigInt(exact.scale), quantityScale);
  }

  #instrument({ order }: Pick<OrderStatus, "order">): Instrument {
    const instrument = this.#options.instruments.get(order.symbol);
    if (instrument === undefined) throw new Error(`broken invariant: ${order.symbol} is traded`);
    return instrument;
  }

  #commit(reports: readonly ExecutionReport[]): void {
    if (reports.length === 0) return;
    this.#record.append(reports); // P12.exchange
    for (const report of reports) this.#fold(report);
    this.#holdings.forget(this.nowMs() - ENDED_KEPT_MS);
    for (const report of reports) for (const listener of this.#listeners) listener(report);
  }

  #fold(report: ExecutionReport): void {
    this.#lastMs = Math.max(this.#lastMs, report.transactTimeMs);
    this.#holdings.fold(report);
  }
}

function headOf({ orderID, order }: OrderStatus) {
  const { clOrdID, account, symbol, side, orderQty } = order;
  return { orderID, clOrdID, account, symbol, side, orderQty };
}

/** As long as exchanges let a request be on its way. */
const WINDOW_MS_MAX = 60_000;
/** Ended orders are answered from memory for as long as anything about them may be in doubt; then from the record. */
const ENDED_KEPT_MS = WINDOW_MS_MAX;
