import type { Money, Price, Quantity, Side } from "@countersign/orders";
import type { SeenQuote } from "./view.ts";

/** What the edge reports: the names and data of its inputs. Plain data, journaled like any other input. */
export type EdgeInput =
  /** What happened on one quote, one write or one cancel: one input, so that one commit and one proposal book all its fills. */
  | { readonly name: "reports"; readonly data: Reports }
  /** A process has started over this store, which may be empty. */
  | { readonly name: "started"; readonly data: Started }
  /** The line to a venue elsewhere is down: what happens there is not seen until it has been asked again. */
  | { readonly name: "disconnected"; readonly data: Readonly<Record<string, never>> }
  /** What the venue knows of the orders it was asked about, and what it holds that was not asked for. */
  | { readonly name: "reconciled"; readonly data: Reconciled }
  /** What the venue holds now, to be laid beside what is held here. */
  | { readonly name: "looked"; readonly data: Look };

export interface Reports {
  readonly reports: readonly OrderNews[];
  /** With these, every execution of this venue up to this id has been reported. Ids of a venue that says so are numbers, and grow. */
  readonly executedThrough?: { readonly venue: string; readonly executionId: string };
}

export interface Started {
  /** Client order ids of what a venue in this process works already. */
  readonly working: readonly string[];
  /** The venue is elsewhere and goes on without us: it is asked before anything is traded. */
  readonly remote?: true;
}

/** What the venue is asked: about these orders, and for the executions after the last one that is held, by venue. */
export interface Asked {
  readonly clientOrderIds: readonly string[];
  readonly executedThrough: Readonly<Record<string, string>>;
}

export interface Reconciled {
  readonly orders: readonly { readonly clientOrderId: string; readonly reports: readonly VenueReport[] | null }[];
  /** Open at the venue and not among those asked about. */
  readonly strays: readonly string[];
}

/** What the venue holds of the account, all of one moment: all that it reported before has been told to the core, and nothing later. */
export interface Look {
  readonly venue: string;
  /** The venue's clock. Two looks of one time are one. */
  readonly timeMs: number;
  readonly orders: readonly OpenAtVenue[];
  /** Executions since the last look, which should be known. */
  readonly executions: readonly VenueFill[];
  /** Net, by symbol; of what is not named nothing is held. */
  readonly positions: Readonly<Record<string, Quantity>>;
  /** By currency: what trades brought less what they cost and their commissions. */
  readonly cash: Readonly<Record<string, Money>>;
}

export interface OpenAtVenue extends OfOrder {
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly cumQty: Quantity;
}

export type OrderNews = VenueReport | GateRefused;

/** `cancelRejected` says that the order is not open there, and ends nothing. */
export type VenueReport =
  | (OfOrder & { readonly type: "accepted" | "canceled" | "expired" })
  | (OfOrder & { readonly type: "rejected" | "cancelRejected"; readonly code: string })
  /** It may have been written, the venue does not know it, and its validity window has passed: it never will. */
  | (OfOrder & { readonly type: "notSent" })
  | VenueFill;

export interface VenueFill extends OfOrder {
  readonly type: "filled";
  /** The venue's own; unique with venue and account, for ever. */
  readonly executionId: string;
  readonly quantity: Quantity;
  readonly price: Price;
  /** Negative for a rebate. */
  readonly commission: Money;
  readonly timeMs: number;
  /** The quote it traded against, where the venue says it. */
  readonly quote?: SeenQuote;
}

/** The gate refused: nothing was written. */
interface GateRefused extends OfOrder {
  readonly type: "refused";
  readonly code: string;
  readonly text: string;
}

interface OfOrder {
  readonly clientOrderId: string;
}

/** Undefined for a name that is none of ours. The data is our own edge's, so it is not checked again. */
export function edgeInput(name: string, data: unknown): EdgeInput | undefined {
  return NAMES.has(name) ? ({ name, data } as EdgeInput) : undefined;
}

const NAMES: ReadonlySet<string> = new Set([
  "reports",
  "started",
  "disconnected",
  "reconciled",
  "looked",
] satisfies EdgeInput["name"][]);
