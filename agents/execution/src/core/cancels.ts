import { type FenceState, haltCovering } from "@countersign/contracts";
import { applyOrderEvent, isTerminal } from "@countersign/orders";
import { haltSubject } from "@countersign/permit";
import type { Decision, Effect } from "@countersign/runtime";
import { act } from "./acts.ts";
import { type ExecutionState, type HeldOrder, withOrder } from "./state.ts";

/** Asks the venue to cancel. It passes always, halted or not; what has ended, or is asked already, is left alone. */
export function cancelOrder(state: ExecutionState, held: HeldOrder): Decision<ExecutionState> {
  const after = applyOrderEvent(held.state, { type: "cancelRequested" });
  if (after === held.state) return { state, effects: [] };
  const { clientOrderId } = held.order;
  return {
    state: withOrder(state, { ...held, state: after }),
    effects: [act({ name: "cancel", data: { clientOrderId } })],
  };
}

/** A halt of level 2 or 3 also cancels what works. Halts of the quorum and those latched here count alike. */
export function cancelHalted(state: ExecutionState, fence: FenceState): Decision<ExecutionState> {
  const halts = [...fence.halts, ...state.latches].filter(({ level }) => level >= 2);
  if (halts.length === 0) return { state, effects: [] };
  let after = state;
  const effects: Effect[] = [];
  for (const held of Object.values(state.orders)) {
    if (isTerminal(held.state) || haltCovering({ ...fence, halts }, haltSubject(held.order)) === undefined) continue;
    const canceled = cancelOrder(after, held);
    after = canceled.state;
    effects.push(...canceled.effects);
  }
  return { state: after, effects };
}
