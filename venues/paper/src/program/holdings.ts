/** What an exchange knows of orders and positions: a fold of its reports. Ended orders stay until they are forgotten by age. */
import { formatFixed, type Instrument, parseFixed, parseMoney, parsePrice, parseQuantity } from "@countersign/orders";
import type { QuoteRef } from "../messages.ts";
import { Tally } from "../tally.ts";
import type { AccountStatus, ExecutionReport, NewOrderSingle } from "../wire.ts";

/** An order as the exchange holds it. */
export interface OrderStatus {
  readonly orderID: string;
  readonly order: NewOrderSingle;
  readonly placedMs: number;
  /** In units of the instrument's quantity scale. */
  readonly cumUnits: bigint;
  readonly reports: readonly ExecutionReport[];
}

type Held = { -readonly [Field in keyof OrderStatus]: OrderStatus[Field] } & { reports: ExecutionReport[] };

export class Holdings {
  readonly #instruments: ReadonlyMap<string, Instrument>;
  /** By order id, in the order in which they came. */
  readonly #open = new Map<string, Held>();
  /** The last order with this client order id: the open one, where there is one. */
  readonly #latest = new Map<string, Held>();
  /** In the order in which they ended. */
  readonly #ended: { readonly held: Held; readonly endedMs: number }[] = [];
  readonly #tallies = new Map<string, Tally>();
  /** By account: the last report it was told. */
  readonly #lastExecIDs = new Map<string, number>();
  readonly #quoteSeqs = new Map<string, bigint>();

  constructor(instruments: ReadonlyMap<string, Instrument>) {
    this.#instruments = instruments;
  }

  fold(report: ExecutionReport): void {
    const { execID, execType, orderID, order, account, transactTimeMs } = report;
    this.#lastExecIDs.set(account, execID);
    if (order !== undefined) {
      if (isDuplicate(report)) return;
      const held: Held = { orderID, order, placedMs: transactTimeMs, cumUnits: 0n, reports: [report] };
      this.#latest.set(nameOf(account, order.clOrdID), held);
      if (execType === "NEW") this.#open.set(orderID, held);
      else this.#ended.push({ held, endedMs: transactTimeMs });
      return;
    }
    const held = this.#open.get(orderID);
    if (held === undefined) throw new Error(`broken invariant: report ${report.execID} is of an open order`);
    held.reports.push(report);
    if (execType === "TRADE") this.#trade(held, report);
    if (report.ordStatus === "PARTIALLY_FILLED") return;
    this.#open.delete(orderID);
    this.#ended.push({ held, endedMs: transactTimeMs });
  }

  byOrderID(orderID: string): OrderStatus | undefined {
    return this.#open.get(orderID);
  }

  latest(account: string, clOrdID: string): OrderStatus | undefined {
    return this.#latest.get(nameOf(account, clOrdID));
  }

  isOpen(account: string, clOrdID: string): boolean {
    const held = this.#latest.get(nameOf(account, clOrdID));
    return held !== undefined && this.#open.has(held.orderID);
  }

  open(): readonly OrderStatus[] {
    return [...this.#open.values()];
  }

  lastExecID(account: string): number {
    return this.#lastExecIDs.get(account) ?? 0;
  }

  status(account: string): AccountStatus {
    const { positions, cash } = this.#tallies.get(account) ?? new Tally();
    const own = this.open().filter(({ order }) => order.account === account);
    return {
      account,
      lastExecID: this.lastExecID(account),
      orders: own.map((held) => this.#openOrder(held)),
      positions: [...positions].map(([symbol, net]) => ({ symbol, netQty: formatFixed(net) })),
      cash: [...cash].map(([currency, amount]) => ({ currency, amount: formatFixed(amount) })),
    };
  }

  /** Whether it comes after all quotes of its symbol that were asked about before; then the next has to come after this one. */
  isNews({ symbol, seq }: Pick<QuoteRef, "symbol" | "seq">): boolean {
    if (seq <= (this.#quoteSeqs.get(symbol) ?? -1n)) return false;
    this.#quoteSeqs.set(symbol, seq);
    return true;
  }

  /** What ended before this is in the record alone from now on. */
  forget(beforeMs: number): void {
    const kept = this.#ended.findIndex(({ endedMs }) => endedMs >= beforeMs);
    for (const { held } of this.#ended.splice(0, kept < 0 ? this.#ended.length : kept)) {
      const name = nameOf(held.order.account, held.order.clOrdID);
      if (this.#latest.get(name) === held) this.#latest.delete(name);
    }
  }

  #openOrder({ order, cumUnits }: OrderStatus): AccountStatus["orders"][number] {
    const { clOrdID, symbol, side, orderQty } = order;
    const scale = this.#instruments.get(symbol)?.quantityScale ?? 0;
    return { clOrdID, symbol, side, orderQty, cumQty: formatFixed({ units: cumUnits, scale }) };
  }

  #trade(held: Held, { account, symbol, side, cumQty, trade }: ExecutionReport): void {
    if (trade === undefined) throw new Error("broken invariant: a TRADE says what was traded");
    const { lastQty, lastPx, commission, commCurrency } = trade;
    held.cumUnits = parseFixed(cumQty, this.#instruments.get(symbol)?.quantityScale).units;
    const tally = this.#tallies.get(account) ?? new Tally();
    const [quantity, price] = [parseQuantity(lastQty), parsePrice(lastPx)];
    tally.trade({ symbol, side, quantity, price, commission: parseMoney(commission, commCurrency) });
    this.#tallies.set(account, tally);
    this.isNews({ symbol, seq: BigInt(trade.quote.seq) });
  }
}

/** An order that was refused because its client order id was in use says nothing of the order that has it. */
export function isDuplicate(report: ExecutionReport): boolean {
  return report.ordRejReason === "DUPLICATE_ORDER";
}

function nameOf(account: string, clOrdID: string): string {
  return `${clOrdID} ${account}`;
}
