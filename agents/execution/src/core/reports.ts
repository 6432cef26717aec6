/**
 * What the venue and its gate report, in the order in which it happened. All reports of one input are one commit: its fills are booked
 * by one proposal.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type Fill, SubmitOrderSchema } from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import { applyOrderEvent, isTerminal, type OrderEvent, OrdersError } from "@countersign/orders";
import type { Context, Decision, Effect } from "@countersign/runtime";
import type { CoreConfig } from "./config.ts";
import type { OrderNews, Reports, VenueFill } from "./edge-input.ts";
import { forgetMost } from "./ended.ts";
import { bookFill, fillOf, markedBy } from "./fills.ts";
import { proposeFills } from "./propose.ts";
import { AGENT, refused, reported, toOrders, type Why } from "./records.ts";
import { closeAccount, type ExecutionState, type HeldOrder, withOrder } from "./state.ts";
import type { MarketView } from "./view.ts";

export function onReports(
  config: CoreConfig,
  before: ExecutionState,
  { reports, executedThrough }: Reports,
  context: Context<MarketView>,
): Decision<ExecutionState> {
  const through = executedThrough && before.executedThrough[executedThrough.venue];
  const fold: Fold = { config, nowMs: context.nowMs, through, state: before, effects: [], fills: [], wire: [] };
  for (const report of reports) foldReport(fold, report);
  // With the fills, in one commit: who starts again asks for those after it.
  if (executedThrough !== undefined) fold.state = withThrough(fold.state, executedThrough);
  const { state, effects, fills, wire } = fold;
  if (fills.length === 0) return { state: forgetMost(state), effects };
  const touched = new Set(fills.map(({ clientOrderId }) => clientOrderId));
  const orders = [...touched].map((id) => fromBinary(SubmitOrderSchema, evidenceOf(state, id)));
  const proposed = proposeFills(config, state, { fills: wire, orders, ...markedBy(state, fills) }, context);
  return { state: forgetMost(proposed.state), effects: [...effects, ...proposed.effects] };
}

/** Local to one call of `onReports`. */
interface Fold {
  readonly config: CoreConfig;
  readonly nowMs: number;
  /** Every execution up to this one has been folded before. */
  readonly through: string | undefined;
  state: ExecutionState;
  readonly effects: Effect[];
  readonly fills: VenueFill[];
  readonly wire: Fill[];
}

function foldReport(fold: Fold, report: OrderNews): void {
  const held = fold.state.orders[report.clientOrderId];
  if (held === undefined) onUnknown(fold, report);
  else if (report.type === "filled") fill(fold, held, report);
  else follow(fold, held, report);
}

function fill(fold: Fold, held: HeldOrder, report: VenueFill): void {
  const { executionId, quantity, price } = report;
  if (held.state.executionIds.includes(executionId)) return; // P05.execution
  const event = { type: "filled", executionId, quantity, price } as const;
  const after = applied(fold, held, event, executionId);
  if (after === undefined) return;
  const wire = fillOf(after, report);
  const { account, venue } = held.order;
  const id = businessKey("execution", venue, account, executionId);
  const twice = { code: "DUPLICATE_EXECUTION", place: "book", text: `execution ${executionId} was booked before` };
  fold.effects.push({ kind: "claim", id, otherwise: [refused(wire.fillId ?? "", twice, OURS)] });
  fold.effects.push({ ...toOrders(account, "order.filled", "FILL"), payload: wire, cause: held.cause });
  fold.state = bookFill(fold.config, withOrder(fold.state, after), wire);
  fold.fills.push(report);
  fold.wire.push(wire);
  if (isTerminal(after.state) && !isTerminal(held.state)) fold.effects.push(reported(after));
}

/** Publishes the order as it then stands, if that changed anything: a repeated report says nothing new. */
function follow(fold: Fold, held: HeldOrder, report: Exclude<OrderNews, VenueFill>): void {
  const why = whyOf(report);
  const after = applied(fold, held, eventOf(report, why), report.type);
  if (after === undefined || after === held) return;
  fold.state = withOrder(fold.state, after);
  if (!isTerminal(held.state)) fold.effects.push(reported(after, why));
}

function eventOf({ type }: Exclude<OrderNews, VenueFill>, why: Why | undefined): OrderEvent {
  if (type === "accepted" || why === undefined) return { type: "acknowledged" };
  if (type === "cancelRejected") return { type };
  const { code, place } = why;
  return { type: "ended", end: { status: ENDS[type], code, place } };
}

function whyOf(report: Exclude<OrderNews, VenueFill>): Why | undefined {
  switch (report.type) {
    case "accepted":
      return undefined;
    case "refused":
      return { code: report.code, place: "gate", text: report.text };
    case "rejected":
      return { code: report.code, place: "venue", text: "the venue rejects it" };
    case "cancelRejected":
      return { code: report.code, place: "venue", text: "the venue does not cancel it" };
    case "notSent":
      return {
        code: "NOT_SENT",
        place: "venue",
        text: "the venue does not know it, and its validity window has passed",
      };
    case "canceled":
      return { code: "CANCELED", place: "venue", text: "as it was asked" };
    case "expired":
      return { code: "EXPIRED", place: "venue", text: "by its time in force" };
  }
}

/** The order after the event. What cannot be true together is left as it was, for a person to explain; nobody trades on. */
function applied(fold: Fold, held: HeldOrder, event: OrderEvent, what: string): HeldOrder | undefined {
  try {
    const state = applyOrderEvent(held.state, event);
    if (state === held.state) return held;
    return isTerminal(state) ? { ...held, state, endedMs: held.endedMs ?? fold.nowMs } : { ...held, state };
  } catch (error) {
    if (!(error instanceof OrdersError)) throw error;
    unexplained(fold, held.order.clientOrderId, error.code, `${what}: ${error.message}`);
    return undefined;
  }
}

/** Of a fill nobody here ordered, money has moved; the rest is of no consequence. Of an order that is forgotten it may be told twice. */
function onUnknown(fold: Fold, report: OrderNews): void {
  if (report.type !== "filled") return;
  if (fold.through !== undefined && BigInt(report.executionId) <= BigInt(fold.through)) return;
  unexplained(
    fold,
    report.clientOrderId,
    "UNKNOWN_ORDER",
    `execution ${report.executionId} of an order that is not ours`,
  );
}

function unexplained(fold: Fold, clientOrderId: string, code: string, text: string): void {
  fold.state = closeAccount(fold.state, "FILL_UNEXPLAINED", `${clientOrderId}: ${code}: ${text}`);
  fold.effects.push(refused(clientOrderId, { code, place: "book", text }, OURS));
  fold.effects.push({ kind: "alert", code: "FILL_UNEXPLAINED", text: `${clientOrderId}: ${text}` });
}

function evidenceOf(state: ExecutionState, clientOrderId: string): Uint8Array {
  const submit = state.orders[clientOrderId]?.submit;
  if (submit === undefined) throw new Error(`broken invariant: order ${clientOrderId} was just filled`);
  return submit;
}

function withThrough(state: ExecutionState, { venue, executionId }: Exclude<Reports["executedThrough"], undefined>) {
  return { ...state, executedThrough: { ...state.executedThrough, [venue]: executionId } };
}

const ENDS = {
  canceled: "CANCELED",
  expired: "EXPIRED",
  rejected: "REJECTED",
  refused: "REJECTED",
  notSent: "NOT_SENT",
} as const;
const OURS = { sender: AGENT, type: "order.filled" };
