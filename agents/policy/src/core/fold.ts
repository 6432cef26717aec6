/** What Execution reports of orders: reservation → open order → position. */
import { create } from "@bufbuild/protobuf";
import {
  type FenceState,
  type Fill,
  type Heartbeat,
  type OrderAccepted,
  OrderRejectedSchema,
  type OrderReported,
  OrderStatus,
} from "@countersign/contracts";
import { applyFill, type BookedFill, fillFromWire } from "@countersign/ledger";
import { orderFromIntent, product } from "@countersign/orders";
import type { Effect } from "@countersign/runtime";
import type { PolicyConfig } from "./config.ts";
import { closeAccount, closeWithExecution } from "./latch.ts";
import { turnoverKey } from "./measure.ts";
import { verdict } from "./records.ts";
import type { PolicyCode } from "./refusal.ts";
import { release, relieve, reserve } from "./reservation.ts";
import { type PolicyState, without } from "./state.ts";

export interface Step {
  readonly state: PolicyState;
  readonly effects: readonly Effect[];
}

/** Also of an order whose reservation is gone: what Execution accepted may be filled, and is counted. */
export function foldAccepted(state: PolicyState, message: OrderAccepted, nowMs: number): PolicyState {
  const { intentKey = "", permitId = "", intent } = message;
  const open = state.orders[intentKey];
  if (open !== undefined) {
    if (open.stage === "accepted") return state;
    return { ...state, orders: { ...state.orders, [intentKey]: { ...open, stage: "accepted" } } };
  }
  const made = intent === undefined ? undefined : orderFromIntent(intent);
  if (made === undefined || !made.ok) return state;
  return reserve(state, made.order, { permitId, expiresAtMs: nowMs, stage: "accepted", nowMs });
}

export function foldReported(state: PolicyState, { intentKey = "", status, place }: OrderReported): PolicyState {
  const open = state.orders[intentKey];
  if (open === undefined || status === undefined || !ENDS.includes(status)) return state;
  // A second submission of a permit that was used is refused where orders are accepted: that says nothing of the first.
  if (open.stage === "accepted" && place === "accept") return state;
  return release(state, open);
}

/** Of Execution: how far it has come, and whether it had to close its account. */
export function foldHeartbeat(
  before: PolicyState,
  heartbeat: Heartbeat,
  fence: FenceState,
  config: PolicyConfig,
): Step {
  const { state, effects } = foldWatermark(before, heartbeat, config);
  if (heartbeat.agent !== "execution" || heartbeat.closed === undefined) return { state, effects };
  const latched = closeWithExecution(state, fence, config, heartbeat.closed);
  return { state: latched.state, effects: [...effects, ...latched.effects] };
}

/**
 * Execution has consumed everything that was sent until then: a permit that had expired before it will not be used any more. Its proposer
 * is told so: an intent that came too late is refused without a word about the order, and he would wait for it for ever.
 */
function foldWatermark(state: PolicyState, { agent, consumedThroughMs }: Heartbeat, { account }: PolicyConfig): Step {
  if (agent !== "execution" || consumedThroughMs === undefined) return { state, effects: [] };
  const unused = Object.values(state.orders).filter(
    ({ stage, expiresAtMs }) => stage === "permitted" && BigInt(expiresAtMs) < consumedThroughMs,
  );
  const effects = unused.map(({ intentKey }) => {
    const fields = { intentKey, code: UNUSED, explanation: "its permit has expired, and was not used" };
    return verdict(
      { type: "order.rejected", payload: create(OrderRejectedSchema, fields), intent: "REJECT" },
      { account },
    );
  });
  return { state: unused.reduce(release, state), effects };
}

const UNUSED: PolicyCode = "PERMIT_UNUSED";

export function foldFilled(state: PolicyState, message: Fill, fence: FenceState, config: PolicyConfig): Step {
  const close = (reason: string): Step => closeAccount(state, fence, config, reason, message.fillId);
  const fill = fillFromWire(message);
  if (typeof fill === "string") return close(`a fill came without its ${fill}`);
  const instrument = config.instruments.get(fill.symbol);
  if (instrument === undefined) return close(`a fill of ${fill.symbol}, which is unknown`);
  const booking = applyFill(state.book, fill, instrument);
  if (!booking.ok) return close(`a fill cannot be booked: ${booking.text}`);
  const open = state.orders[message.intentKey ?? ""];
  const relieved = open === undefined ? state : relieve(state, open, fill.quantity);
  const after = withTurnover({ ...relieved, book: booking.book }, fill, message.principal ?? "");
  const seen = after.unseen[fill.fillId] !== undefined;
  const pending = seen
    ? { unseen: without(after.unseen, fill.fillId) }
    : { unbooked: { ...after.unbooked, [fill.fillId]: fill } };
  return { state: { ...after, ...pending }, effects: [] };
}

const ENDS: readonly OpenOrderEnd[] = [
  OrderStatus.FILLED,
  OrderStatus.CANCELED,
  OrderStatus.EXPIRED,
  OrderStatus.REJECTED,
  OrderStatus.NOT_SENT,
];
type OpenOrderEnd = NonNullable<OrderReported["status"]>;

function withTurnover(state: PolicyState, fill: BookedFill, principal: string): PolicyState {
  const { equity, book } = state;
  if (equity === undefined || book.money === undefined) return state;
  const amount = product(fill.price, fill.quantity, book.money.scale, "ceil").units;
  const turnover = { ...equity.turnover };
  for (const key of [
    turnoverKey("account", ""),
    turnoverKey("symbol", fill.symbol),
    turnoverKey("strategy", principal),
  ])
    turnover[key] = (turnover[key] ?? 0n) + amount;
  return { ...state, equity: { ...equity, turnover } };
}
