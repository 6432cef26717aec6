import type { Order } from "@countersign/orders";
import type { MarketMessage } from "@countersign/runtime";
import type { Asked, EdgeInput, Look, Reconciled, VenueReport } from "../core/edge-input.ts";

/**
 * What an adapter of a venue does. Of a venue in this process, what happens comes back as return values, in the order in which it
 * happened, and nothing is called back. Of a venue elsewhere, what is known at once is returned, which may be nothing, and the rest comes
 * by its line. An object of this type reaches the venue: it is made, handed to `openGate`, and held by nobody else.
 */
export interface Venue<Request> {
  readonly name: string;
  /** Pure: what would be written for this order. */
  toVenueRequest(order: Order, times: RequestTimes): Request;
  /** Pure: what a request says, read back field by field. The gate compares this with the order that the intent's bytes make. */
  orderIn(request: Request): Order;
  /** The one write. Synchronous: nothing happens between the gate's checks and it. Whatever comes of it, it is not done again. */
  submit(request: Request): readonly VenueReport[];
  cancel(clientOrderId: string, nowMs: number): readonly VenueReport[];
  /**
   * Of each order asked about all that the venue ever reported, or null when it does not know it; and what else it works. Undefined: the
   * answer comes by the line, as `reconciled`, after the executions that were not known.
   */
  reconcile(asked: Asked): Reconciled | undefined;
  /** What the venue holds now. Undefined: the answer comes by the line, as `looked`; where the line is down there is none. */
  look(nowMs: number): Look | undefined;
  /** For a venue that lives in this process: it sees the quote before anybody decides on it. */
  onMarket(message: MarketMessage): readonly VenueReport[];
  readonly line?: Line;
}

/** The line to a venue elsewhere. It goes up when the venue is first asked to reconcile. */
export interface Line {
  /** Whether the venue is heard, and has answered the last question: else nothing is written. */
  isReady(): boolean;
  /** For the operator's eyes: what keeps it from being ready; undefined when it is. */
  whyNot(): string | undefined;
  /**
   * Once, before anything is asked: who takes what is heard, one at a time, in order. What he throws ends the line, and is told to
   * `failed`: this process has to begin again, and to ask.
   */
  connect(take: (news: EdgeInput) => Promise<void>, failed: (error: unknown) => void): void;
  close(): void;
}

/** The venue's own validity window travels with the order: later than this it must not take it. Decision time, ms. */
export interface RequestTimes {
  readonly nowMs: number;
  readonly validUntilMs: number;
}
