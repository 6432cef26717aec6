import type { OpenHalt } from "@countersign/contracts";
import { type Book, emptyBook, type MarkedPosition } from "@countersign/ledger";
import type { Money, Order, OrderState } from "@countersign/orders";
import type { Cause } from "@countersign/runtime";
import type { SeenQuote } from "./view.ts";

/** The one aggregate of an Execution: its account. Plain data, never changed in place. */
export interface ExecutionState {
  readonly account: string;
  /** By client order id: open orders, and the last few that ended, for as long as a late fill may come. */
  readonly orders: Readonly<Record<string, HeldOrder>>;
  /** By parent: what all its children together may cost, for the ceiling. */
  readonly parents: Readonly<Record<string, ParentTotal>>;
  /** As this account's own fills and deposits made it: for the marks of a proposal. */
  readonly book: Book;
  /** Ids of the deposits in the book. */
  readonly deposits: readonly string[];
  /** Fills that the quorum has not booked yet, one row a commit, the oldest first. */
  readonly unbooked: readonly Unbooked[];
  /** What the quorum is asked about: the first rows of `unbooked`. */
  readonly asked?: Asked | undefined;
  /** Halts that were asked of this agent, until a certified resume names them. */
  readonly latches: readonly OpenHalt[];
  /** Why no new order is taken. Empty: it is open. */
  readonly closed: readonly Closed[];
  /** A venue elsewhere has not said yet what it knows: no new order until then. */
  readonly reconciling: boolean;
  /** By venue: all its executions up to this id have been reported to us. */
  readonly executedThrough: Readonly<Record<string, string>>;
  /** What differed from the venue in its last look; undefined: nothing did. */
  readonly differing?: Differing | undefined;
}

export interface HeldOrder {
  readonly order: Order;
  /** The SubmitOrder as it came: intent, permit and approvals are the evidence of each of its fills. Gone when it is filled whole. */
  readonly submit: Uint8Array | undefined;
  readonly state: OrderState;
  /** Of the command: what the order's reports and fills follow from. */
  readonly cause: Cause;
  /** Decision time at which it was accepted. */
  readonly acceptedMs?: number;
  /** … and at which it ended. */
  readonly endedMs?: number;
}

export interface ParentTotal {
  readonly notional: Money;
  /** Of its last child. */
  readonly atMs: number;
}

export interface Unbooked {
  /** The serialised FillsBooked of one commit, without marks. */
  readonly booking: Uint8Array;
  readonly fills: number;
  readonly sinceMs: number;
  /** Time of the last fill: its marks are those of then. */
  readonly atMs: number;
  /** What is open after it, by symbol, sorted. */
  readonly open: readonly MarkedPosition[];
  /** The quotes it was filled at, with their prices. */
  readonly traded: readonly SeenQuote[];
}

export interface Asked {
  readonly opId: string;
  /** The serialised ProposeRequest: what is asked again is the same. */
  readonly request: Uint8Array;
  /** Of `unbooked`, from the first. */
  readonly rows: number;
  readonly attempt: number;
}

export interface Differing {
  /** Of the look. */
  readonly timeMs: number;
  /** By what differs, in how many looks in a row. */
  readonly looks: Readonly<Record<string, number>>;
}

/**
 * - `FILL_REFUSED`: the quorum does not book a fill
 * - `FILL_UNEXPLAINED`: a fill of no order of ours, or of more than was ordered
 * - `ORDER_UNEXPLAINED`: an order open at the venue that is not ours, or that we hold to be over
 * - `BOOK_REFUSED`: a fill that the account's book cannot hold
 * - `ORDER_MISSING`: an order that works for us, and not at the venue
 * - `POSITION_DRIFT`, `CASH_DRIFT`, `ORDER_DRIFT`: position, cash or an order's fills are other than the venue's
 */
export interface Closed {
  readonly code:
    | "FILL_REFUSED"
    | "FILL_UNEXPLAINED"
    | "ORDER_UNEXPLAINED"
    | "BOOK_REFUSED"
    | "ORDER_MISSING"
    | "POSITION_DRIFT"
    | "CASH_DRIFT"
    | "ORDER_DRIFT";
  readonly text: string;
  /** The halt that goes with it: a certified resume that names it opens the account again. */
  readonly haltId?: string;
}

export function initialState(account: string): ExecutionState {
  return {
    account,
    orders: {},
    parents: {},
    book: emptyBook(),
    deposits: [],
    unbooked: [],
    latches: [],
    closed: [],
    reconciling: false,
    executedThrough: {},
  };
}

export function withOrder(state: ExecutionState, held: HeldOrder): ExecutionState {
  return { ...state, orders: { ...state.orders, [held.order.clientOrderId]: held } };
}

/** Closes the account; the first text of a code stays. */
export function closeAccount(state: ExecutionState, code: Closed["code"], text: string): ExecutionState {
  if (state.closed.some((reason) => reason.code === code)) return state;
  return { ...state, closed: [...state.closed, { code, text }] };
}
