/**
 * A process has begun over a store that another one left. What it had accepted is never sent by this one: the venue is asked what it
 * knows. Found is adopted, whatever the venue reports of it; not found ends.
 */
import { applyOrderEvent, isTerminal } from "@countersign/orders";
import type { Context, Decision, Effect } from "@countersign/runtime";
import { act } from "./acts.ts";
import type { CoreConfig } from "./config.ts";
import type { Reconciled, Started } from "./edge-input.ts";
import { tellGate } from "./latches.ts";
import { reported } from "./records.ts";
import { onReports } from "./reports.ts";
import { closeAccount, type ExecutionState, type HeldOrder, withOrder } from "./state.ts";
import type { MarketView } from "./view.ts";

/**
 * The gate has its latches back before the venue is asked. A venue in this process, with nothing to give back and nothing to ask, is not
 * asked; one elsewhere always is, and nothing is traded until it has answered.
 */
export function onStarted(state: ExecutionState, { working, remote }: Started): Decision<ExecutionState> {
  const asked = ask(state);
  const effects: Effect[] = state.latches.length === 0 ? [] : [tellGate(state)];
  if (remote) return { state: asked.state, effects: [...effects, ...asked.effects] };
  if (openIds(state).length + working.length > 0) effects.push(...asked.effects);
  return { state, effects };
}

/** The line to the venue is down. What it did meanwhile is asked for when it is up again, and no order is taken until then. */
export function onDisconnected(state: ExecutionState): Decision<ExecutionState> {
  return ask(state);
}

function ask(state: ExecutionState): Decision<ExecutionState> {
  const { executedThrough } = state;
  const effects = [act({ name: "reconcile", data: { clientOrderIds: openIds(state), executedThrough } })];
  return { state: { ...state, reconciling: true }, effects };
}

function openIds({ orders }: ExecutionState): string[] {
  return Object.values(orders)
    .filter((held) => !isTerminal(held.state))
    .map(({ order }) => order.clientOrderId);
}

export function onReconciled(
  config: CoreConfig,
  before: ExecutionState,
  { orders, strays }: Reconciled,
  context: Context<MarketView>,
): Decision<ExecutionState> {
  // One list: what was filled while nobody looked is one commit and one proposal.
  const adopted = onReports(config, before, { reports: orders.flatMap(({ reports }) => reports ?? []) }, context);
  let { state } = adopted;
  const effects: Effect[] = [...adopted.effects];
  for (const { clientOrderId, reports } of orders) {
    const held = state.orders[clientOrderId];
    if (held === undefined || isTerminal(held.state)) continue;
    if (reports === null) {
      const ended = endOf(held, context.nowMs);
      state = withOrder(state, ended);
      effects.push(reported(ended, { ...REASONS[ended.state.acknowledged ? "lost" : "notSent"] }));
      continue;
    }
    // A cancel that was asked for and not answered may have been lost with the process.
    if (held.state.cancelPending) effects.push(act({ name: "cancel", data: { clientOrderId } }));
  }
  for (const clientOrderId of strays) {
    const held = state.orders[clientOrderId];
    if (held !== undefined && !isTerminal(held.state)) continue;
    const text = `the venue works order ${clientOrderId}, which is ${held ? "over for us" : "not ours"}`;
    state = closeAccount(state, "ORDER_UNEXPLAINED", text);
    effects.push({ kind: "alert", code: "STRAY_ORDER", text });
    effects.push(act({ name: "cancel", data: { clientOrderId } }));
  }
  return { state: state.reconciling ? { ...state, reconciling: false } : state, effects };
}

/** Never acknowledged: it certainly was never written. Acknowledged, and the venue has forgotten it: it works no more. */
function endOf(held: HeldOrder, nowMs: number): HeldOrder {
  const { code, place } = REASONS[held.state.acknowledged ? "lost" : "notSent"];
  const status = held.state.acknowledged ? "CANCELED" : "NOT_SENT";
  return {
    ...held,
    state: applyOrderEvent(held.state, { type: "ended", end: { status, code, place } }),
    endedMs: nowMs,
  };
}

const REASONS = {
  notSent: { code: "NOT_SENT", place: "restart", text: "its process ended before it was written" },
  lost: { code: "LOST_AT_VENUE", place: "restart", text: "the venue does not know it any more" },
} as const;
