/** A venue of plain data for one account, and the line to it: each report, answer and break of the line comes when the test says. */
import { formatFixed, parseMoney, parsePrice, parseQuantity } from "@countersign/orders";
import { type AccountStatus, type ExecutionReport, Tally } from "@countersign/venue-paper";
import type { EdgeInput } from "../src/core/edge-input.ts";
import { Looks } from "../src/edge/network/looks.ts";
import { toVenueReport } from "../src/edge/reports.ts";
import { Rig } from "./rig.ts";
import { intentOf, NOW_MS, orderOf, submitCommand, submitOf } from "./world.ts";

interface Placed {
  readonly clOrdID: string;
  cum: number;
  isOpen: boolean;
}

/** Asked for; answered when the test lets it be, as of when it was asked. */
interface Question {
  readonly answer: Readonly<Record<string, unknown>>;
  readonly resolve: (answer: Readonly<Record<string, unknown>>) => void;
}

export class ModelVenue {
  readonly rig = new Rig();
  readonly looks: Looks;
  readonly reports: ExecutionReport[] = [];
  readonly orders: Placed[] = [];
  readonly questions: Question[] = [];
  /** Acknowledgements that are on their way as answers to the request itself. */
  readonly answers: ExecutionReport[] = [];
  /** Shares that the venue holds, and no execution explains. */
  planted = 0;
  taken = 0;
  machineMs = 0;
  streamed = 0;
  isUp = true;
  readonly #tally = new Tally();
  #inputs = 0;

  constructor() {
    this.looks = new Looks({
      venue: "paper",
      get: (path) => new Promise((resolve) => this.questions.push({ answer: this.#answerTo(path), resolve })),
      put: (look, taken) => {
        this.decide({ name: "looked", data: look });
        this.taken += 1;
        taken();
      },
      nowMs: () => this.machineMs,
      noAnswer: (error) => {
        throw error;
      },
      onLost: () => this.drop(),
    });
    this.looks.begin(0);
  }

  decide(input: EdgeInput): void {
    this.rig.decide({ kind: "edge", id: `${++this.#inputs}`, ...input });
    this.rig.acts = [];
  }

  /** Accepted here, and at the venue; the answer is on its way, beside the stream. */
  place(): void {
    if (!this.isUp) return;
    const intent = intentOf({ intentKey: `order ${this.orders.length}` });
    this.rig.decide(submitCommand(submitOf(intent)));
    this.rig.acts = [];
    if (this.rig.state.closed.length > 0) return;
    const order = { clOrdID: orderOf(intent).clientOrderId, cum: 0, isOpen: true };
    this.orders.push(order);
    this.answers.push(this.#report(order, "NEW"));
  }

  trade(nth: number, shares: number): void {
    const order = this.#openOne(nth);
    if (order === undefined) return;
    const lastQty = Math.min(shares, 100 - order.cum);
    order.cum += lastQty;
    order.isOpen = order.cum < 100;
    const quote = { msgId: "q", seq: "1", digest: "00", bidPx: "189.70", offerPx: "189.80", eventTimeMs: NOW_MS };
    const trade = { lastQty: `${lastQty}`, lastPx: "189.80", commission: "0.10", commCurrency: "USD", quote };
    const [quantity, price] = [parseQuantity(trade.lastQty), parsePrice(trade.lastPx)];
    const commission = parseMoney(trade.commission, trade.commCurrency);
    this.#tally.trade({ symbol: "AAPL", side: "BUY", quantity, price, commission });
    this.#report(order, "TRADE", trade);
  }

  cancel(nth: number): void {
    const order = this.#openOne(nth);
    if (order === undefined) return;
    order.isOpen = false;
    this.#report(order, "CANCELED");
  }

  /** The next report comes by the stream. */
  stream(): void {
    const report = this.isUp ? this.reports[this.streamed] : undefined;
    if (report === undefined) return;
    this.streamed += 1;
    this.tell(report);
    this.looks.heard(report.execID);
  }

  /** Something that was streamed is told once more. */
  repeat(nth: number): void {
    const report = this.reports[nth % Math.max(1, this.streamed)];
    if (report !== undefined && this.isUp && this.streamed > 0) this.tell(report);
  }

  acknowledge(): void {
    const report = this.answers.shift();
    if (report === undefined) return;
    this.looks.passed(report.execID);
    this.decide({ name: "reports", data: { reports: [toVenueReport(report)] } });
  }

  /** The oldest question is answered. */
  async answer(): Promise<void> {
    const question = this.questions.shift();
    question?.resolve(question.answer);
    // What follows from it is done: the rest of the look waits for the next question, or is put.
    for (let turns = 0; turns < 8; turns++) await undefined;
  }

  drop(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.looks.reset();
    this.decide({ name: "disconnected", data: {} });
  }

  /** As the line does it: the executions after the last that is held, how each order stands, then what the stream brings. */
  up(): void {
    if (this.isUp) return;
    this.isUp = true;
    this.streamed = this.reports.length;
    const through = Number(this.rig.state.executedThrough.paper ?? 0);
    for (const report of this.reports.slice(through)) if (report.execType === "TRADE") this.tell(report);
    const asked = Object.values(this.rig.state.orders).map(({ order }) => order.clientOrderId);
    const orders = asked.map((clientOrderId) => {
      const own = this.reports.filter(({ clOrdID, execType }) => clOrdID === clientOrderId && execType !== "TRADE");
      return { clientOrderId, reports: own.map(toVenueReport) };
    });
    this.decide({ name: "reconciled", data: { orders, strays: [] } });
    this.looks.begin(this.streamed);
  }

  tell(report: ExecutionReport): void {
    this.looks.passed(report.execID);
    const { execID, execType } = report;
    const known = Number(this.rig.state.executedThrough.paper ?? 0);
    const isNew = execType === "TRADE" && execID > known;
    const executedThrough = isNew ? { executedThrough: { venue: "paper", executionId: `${execID}` } } : {};
    this.decide({ name: "reports", data: { reports: [toVenueReport(report)], ...executedThrough } });
  }

  #openOne(nth: number): Placed | undefined {
    const open = this.orders.filter(({ isOpen }) => isOpen);
    return open[nth % Math.max(1, open.length)];
  }

  #answerTo(path: string): Readonly<Record<string, unknown>> {
    const timeMs = NOW_MS + this.#inputs;
    if (path === "/v1/account") return { timeMs, ...this.#status() };
    const since = Number(/since=(\d+)/.exec(path)?.[1]);
    const executions = this.reports.slice(since).filter(({ execType }) => execType === "TRADE");
    return { timeMs, executions, more: false };
  }

  #status(): AccountStatus {
    const held = this.#tally.positions.get("AAPL") ?? parseQuantity("0");
    const open = this.orders.filter(({ isOpen }) => isOpen);
    return {
      account: "main",
      lastExecID: this.reports.length,
      orders: open.map(({ clOrdID, cum }) => ({
        clOrdID,
        ...{ symbol: "AAPL", side: "BUY", orderQty: "100", cumQty: `${cum}` },
      })),
      positions: [{ symbol: "AAPL", netQty: `${held.units + BigInt(this.planted)}` }],
      cash: [...this.#tally.cash].map(([currency, amount]) => ({ currency, amount: formatFixed(amount) })),
    };
  }

  #report(order: Placed, execType: ExecutionReport["execType"], trade?: ExecutionReport["trade"]): ExecutionReport {
    const report: ExecutionReport = {
      execID: this.reports.length + 1,
      execType,
      orderID: order.clOrdID,
      clOrdID: order.clOrdID,
      ...{ account: "main", symbol: "AAPL", side: "BUY", ordStatus: "NEW", orderQty: "100" },
      cumQty: `${order.cum}`,
      leavesQty: `${100 - order.cum}`,
      transactTimeMs: NOW_MS,
      ...(trade && { trade }),
    };
    this.reports.push(report);
    return report;
  }
}
