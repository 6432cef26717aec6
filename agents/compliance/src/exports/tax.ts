/**
 * Tax rows: one for every lot, or part of one, that a fill has closed, first in first out. From the certified ledger alone; amounts are
 * integers, and the fees of a fill are shared out among its lots so that they add up to the unit.
 */
import type { EntryPosted } from "@countersign/contracts";
import {
  applyDeposit,
  applyFill,
  type Book,
  type BookedFill,
  type Booking,
  type Disposal,
  emptyBook,
  fillFromWire,
} from "@countersign/ledger";
import { defaultInstrument, formatFixed, moneyFromWire, rescale } from "@countersign/orders";
import { peekPropose, readEntry } from "@countersign/quorum";
import { type Cell, csvFile } from "./csv.ts";
import { isoTime, type LogRecord } from "./records.ts";

export interface TaxRow extends Omit<Disposal, "basis"> {
  readonly account: string;
  readonly position: "long" | "short";
  readonly cost: bigint;
  /** Its share of the commissions of both fills; negative for a rebate. */
  readonly fees: bigint;
  /** proceeds − cost − fees */
  readonly gain: bigint;
  readonly currency: string;
  /** Of the amounts, and of the quantity. */
  readonly scale: number;
  readonly quantityScale: number;
  /** Whole days between the two dates, UTC. */
  readonly holdingDays: number;
  readonly term: "short" | "long";
}

/** In the order of the fills that closed. */
export function taxRows(records: Iterable<LogRecord>): TaxRow[] {
  const accounts = new Map<string, Account>();
  return ledgerContents(records).flatMap((content) => {
    const account = accounts.get(content.value.account ?? "") ?? new Account(content.value.account ?? "");
    accounts.set(account.name, account);
    if (content.case === "fills") return content.value.fills.flatMap((wire) => account.fill(fillFromWire(wire)));
    const { depositId = "", amount: wire } = content.value;
    const amount = moneyFromWire(wire);
    if (amount === undefined) throw new Error("broken invariant: a certified deposit without an amount");
    account.book(applyDeposit(account.state, { depositId, amount }));
    return [];
  });
}

export function taxCsv(records: Iterable<LogRecord>): string {
  const columns = ["account", "opened", "closed", "symbol", "position", "quantity", "proceeds", "cost", "fees", "gain"];
  const more = ["currency", "holding_days", "term", "opened_by", "closed_by"];
  const rows = taxRows(records).map((row): Cell[] => {
    const amount = (units: bigint): Cell => ({ number: formatFixed({ units, scale: row.scale }) });
    const quantity = { number: formatFixed({ units: row.quantity, scale: row.quantityScale }) };
    const what = [row.account, isoTime(row.openedMs), isoTime(row.closedMs), row.symbol, row.position, quantity];
    const amounts = [row.proceeds, row.cost, row.fees, row.gain].map(amount);
    return [
      ...what,
      ...amounts,
      row.currency,
      { number: String(row.holdingDays) },
      row.term,
      row.openedBy,
      row.closedBy,
    ];
  });
  return csvFile([...columns, ...more], rows);
}

/** What the ledger's entries book, in the order of the log; an entry that two validators told of counts once. */
function ledgerContents(records: Iterable<LogRecord>) {
  const entries = new Map<bigint, NonNullable<ReturnType<typeof readEntry>>>();
  for (const { type, payload } of records) {
    const entry = type === "ledger.entry" ? readEntry((payload as EntryPosted).entry ?? new Uint8Array()) : undefined;
    if (entry !== undefined) entries.set(entry.seq, entry);
  }
  return [...entries.values()]
    .sort((a, b) => (a.seq < b.seq ? -1 : 1))
    .flatMap(({ proposes }) => proposes)
    .flatMap((propose) => {
      const content = peekPropose(propose)?.request.content;
      return content?.case === "deposit" || content?.case === "fills" ? [content] : [];
    });
}

/** An account's book, and the fees of its fills. */
class Account {
  readonly name: string;
  state: Book = emptyBook();
  readonly #fills = new Map<string, FeeShares>();

  constructor(name: string) {
    this.name = name;
  }

  book(booking: Booking): readonly Disposal[] {
    if (!booking.ok) throw new Error(`broken invariant: the certified ledger does not add up: ${booking.text}`);
    this.state = booking.book;
    return booking.disposals;
  }

  fill(fill: BookedFill | string): TaxRow[] {
    if (typeof fill === "string") throw new Error(`broken invariant: a certified fill lacks its ${fill}`);
    const { symbol, quantity, commission } = fill;
    const money = this.state.money ?? { currency: "", scale: 0 };
    // What booking asks of an instrument a fill says itself.
    const own = { currency: commission.currency, quantityScale: quantity.scale };
    const disposals = this.book(applyFill(this.state, fill, { ...defaultInstrument(symbol, 0, 1n), ...own }));
    const fees = rescale(commission, money.scale, "half-even").units;
    this.#fills.set(fill.fillId, new FeeShares(fees, quantity.units));
    return disposals.map(({ basis: cost, ...disposal }) => {
      const shares = [disposal.openedBy, disposal.closedBy].map((id) => this.#share(id, disposal.quantity));
      const shared = shares.reduce((sum, share) => sum + share, 0n);
      const position = fill.side === "SELL" ? "long" : "short";
      return {
        ...{ ...disposal, account: this.name, position, cost, fees: shared },
        ...{ gain: disposal.proceeds - cost - shared, currency: money.currency },
        ...{ scale: money.scale, quantityScale: quantity.scale },
        ...held(disposal, position),
      };
    });
  }

  #share(fillId: string, quantity: bigint): bigint {
    const shares = this.#fills.get(fillId);
    if (shares === undefined) throw new Error(`broken invariant: a lot of the fill ${fillId}, which nobody booked`);
    return shares.take(quantity);
  }
}

/** A fill's commission, shared out by quantity: differences of running shares, so that they add up to the whole. */
class FeeShares {
  readonly #fees: bigint;
  readonly #quantity: bigint;
  #taken = 0n;

  constructor(fees: bigint, quantity: bigint) {
    this.#fees = fees;
    this.#quantity = quantity;
  }

  take(quantity: bigint): bigint {
    const before = (this.#fees * this.#taken) / this.#quantity;
    this.#taken += quantity;
    return (this.#fees * this.#taken) / this.#quantity - before;
  }
}

/** As US law counts (IRS Publication 550): long is more than a year from the day after the opening; what was sold short is short. */
function held(
  { openedMs, closedMs }: Pick<Disposal, "openedMs" | "closedMs">,
  position: TaxRow["position"],
): Pick<TaxRow, "holdingDays" | "term"> {
  const [opened, closed] = [new Date(openedMs), Math.floor(closedMs / DAY_MS) * DAY_MS];
  const [year, month, day] = [opened.getUTCFullYear(), opened.getUTCMonth(), opened.getUTCDate()];
  const holdingDays = (closed - Date.UTC(year, month, day)) / DAY_MS;
  return { holdingDays, term: position === "long" && closed > Date.UTC(year + 1, month, day) ? "long" : "short" };
}

const DAY_MS = 86_400_000;
