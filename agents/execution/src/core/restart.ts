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
import { type ExecutionState, type HeldOrder, withOrder } from "./state.ts";
import type { MarketView } from "./view.ts";

/** The gate has its latches back before the venue is asked. With nothing to give back and nothing to ask, nothing is done. */
export function onStarted(state: ExecutionState, { working }: Started): Decision<ExecutionState> {
  const clientOrderIds = Object.values(state.orders)
    .filter((held) => !isTerminal(held.state))
    .map(({ order }) => order.clientOrderId);
  const effects: Effect[] = state.latches.length === 0 ? [] : [tellGate(state)];
  if (clientOrderIds.length + working.length > 0) effects.push(act({ name: "reconcile", data: { clientOrderIds } }));
  return { state, effects };
}

export function onReconciled(
  config: CoreConfig,
  before: ExecutionState,
  { orders, strays }: Reconciled,
  context: Context<MarketView>,
): Decision<ExecutionState> {
  // One list: what was filled while nobody looked is one commit and one proposal.
  const adopted = onReports(
    config,
    before,
    orders.flatMap(({ reports }) => reports ?? []),
    context,
  );
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
    effects.push({
      kind: "alert",
      code: "STRAY_ORDER",
      text: `the venue works order ${clientOrderId}, which is not ours`,
    });
    effects.push(act({ name: "cancel", data: { clientOrderId } }));
  }
  return { state, effects };
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
