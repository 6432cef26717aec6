/**
 * The venue gate: the one way to the venue, in the process that holds its credentials.
 *
 * 1. The venue lives in the closure of `openGate`. Nothing outside can submit, and `send` submits in one place, at its end.
 * 2. Between the first check and the write nothing else runs: the function is synchronous.
 * 3. It believes nobody. The order is made once more from the intent's bytes and compared with what the adapter will write, read back
 *    from the request itself; clock, price, halts, epoch, permit, approvals and ceiling are asked for again, here.
 * 4. No option of `openGate` leaves a check out.
 * 5. A cancel passes always.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type FenceState, type OpenHalt, SubmitOrderSchema } from "@countersign/contracts";
import type { GateCode } from "@countersign/permit";
import type { MarketMessage } from "@countersign/runtime";
import type { SendOrder } from "../core/acts.ts";
import { authoriseOrder } from "../core/authority.ts";
import { type CoreConfig, WINDOW_MS } from "../core/config.ts";
import type { Asked, Look, Reconciled, VenueReport } from "../core/edge-input.ts";
import { seenQuote } from "../core/view.ts";
import type { Venue } from "./venue.ts";

export interface Gate {
  /** Writes the order to the venue, or says why not. At most once for an order, ever, whatever becomes of it. */
  send(order: SendOrder): GateResult;
  cancel(clientOrderId: string): readonly VenueReport[];
  reconcile(asked: Asked): Reconciled | undefined;
  /** What the venue holds; undefined: the answer comes by the line, or there is none. */
  look(): Look | undefined;
  /** Client order ids of what a venue in this process works, in the order in which they came. */
  openOrders(): readonly string[];
  onMarket(message: MarketMessage): readonly VenueReport[];
  /** All latches in force: those of before are forgotten. */
  latch(latches: readonly OpenHalt[]): void;
}

type GateResult =
  | { readonly ok: true; readonly reports: readonly VenueReport[] }
  | { readonly ok: false; readonly code: SendCode; readonly place: "gate"; readonly text: string };

/**
 * - `ALREADY_WRITTEN`: this process has written the order before
 * - `NOT_THE_WRITER`: another process may write for this account, or this one does not know that none does
 * - `VENUE_NOT_READY`: the line to the venue is down, or it has not said yet what it did meanwhile
 * - `NO_CLOCK`, `NO_PRICE`, `NO_INSTRUMENT`: not known, so no
 * - `WRONG_ACCOUNT`, `WRONG_VENUE`: this gate leads elsewhere
 * - `WRONG_CURRENCY`: the ceiling is in another currency, and there is no conversion
 * - the codes of `authorise`
 */
export type SendCode =
  | GateCode
  | "ALREADY_WRITTEN"
  | "NOT_THE_WRITER"
  | "VENUE_NOT_READY"
  | "NO_CLOCK"
  | "NO_PRICE"
  | "NO_INSTRUMENT"
  | "WRONG_ACCOUNT"
  | "WRONG_VENUE"
  | "WRONG_CURRENCY";

/** What this process knows for itself. */
export interface GateFacts {
  readonly config: CoreConfig;
  readonly fence: () => FenceState;
  /** Is the fence younger than its lease? In an embedded replay, where leases are counted and not timed: always. */
  readonly fenceFresh: () => boolean;
  /** Is this process the account's one writer, by a lease that has not run out? Where there can be no other: always. */
  readonly mayWrite: () => boolean;
  /** Decision time, ms; undefined when there is no clock to be trusted. */
  readonly nowMs: () => number | undefined;
}

export function openGate<Request>(
  venue: Venue<Request>,
  { config, fence, fenceFresh, mayWrite, nowMs: clock }: GateFacts,
): Gate {
  const written = new Set<string>();
  /** By permit id its expiry: what has expired is refused as that, and need not be remembered. */
  const spent = new Map<string, number>();
  const priced = new Set<string>();
  let latches: readonly OpenHalt[] = [];

  function sendThroughGate(send: SendOrder): GateResult {
    const nowMs = clock() ?? Number.NaN;
    if (!Number.isFinite(nowMs)) return refuse("NO_CLOCK", "decision time is not known"); // P10.gate-clock
    if (!mayWrite()) return refuse("NOT_THE_WRITER", config.account); // P06.writer
    if (venue.line?.isReady() === false) return refuse("VENUE_NOT_READY", venue.name);
    const request = venue.toVenueRequest(send.order, { nowMs, validUntilMs: nowMs + WINDOW_MS });
    const order = venue.orderIn(request);
    if (written.has(order.clientOrderId)) return refuse("ALREADY_WRITTEN", order.clientOrderId); // P01.written
    if (order.account !== config.account) return refuse("WRONG_ACCOUNT", order.account); // P01.account
    if (order.venue !== venue.name) return refuse("WRONG_VENUE", order.venue); // P01.venue
    const currency = config.instruments.get(order.symbol)?.currency;
    if (currency === undefined) return refuse("NO_INSTRUMENT", order.symbol); // P10.gate-instrument
    if (currency !== config.ceiling.notional.currency) return refuse("WRONG_CURRENCY", currency); // P10.gate-currency
    if (!priced.has(order.symbol)) return refuse("NO_PRICE", order.symbol); // P10.gate-price
    const verdict = authoriseOrder(config, {
      order,
      submit: fromBinary(SubmitOrderSchema, send.submit),
      siblings: send.siblings,
      held: send.held,
      nowMs,
      fence: fence(),
      fenceFresh: fenceFresh(),
      latches,
      isSpent: (permitId) => spent.has(permitId),
    });
    if (!verdict.ok) return verdict;
    // Before the write: whatever it throws, the order is not written again.
    written.add(order.clientOrderId);
    spent.set(verdict.permit.permitId, verdict.permit.expiresAtMs);
    forgetExpired(spent, nowMs);
    return { ok: true, reports: venue.submit(request) };
  }

  return {
    send: sendThroughGate,
    cancel: (clientOrderId) => venue.cancel(clientOrderId, clock() ?? 0),
    reconcile: (asked) => venue.reconcile(asked),
    look: () => venue.look(clock() ?? 0),
    openOrders: () =>
      venue.line === undefined ? (venue.reconcile({ clientOrderIds: [], executedThrough: {} })?.strays ?? []) : [],
    onMarket(message) {
      const quote = seenQuote(message);
      if (quote !== undefined) priced.add(quote.symbol);
      return venue.onMarket(message);
    },
    latch(all) {
      latches = all;
    },
  };
}

function refuse(code: SendCode, text: string): GateResult {
  return { ok: false, code, place: "gate", text };
}

/** Those at the front: permits live about equally long, so the rest waits for them at most that long. */
function forgetExpired(spent: Map<string, number>, nowMs: number): void {
  for (const [permitId, expiresAtMs] of spent) {
    if (expiresAtMs > nowMs) return;
    spent.delete(permitId);
  }
}
