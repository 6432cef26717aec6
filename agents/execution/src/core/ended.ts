/**
 * How long the state remembers an order that ended. The state is written whole with every decision, so it must not grow with the number
 * of orders: an ended one stays for a minute, because a fill that crossed its cancel on the way is still its fill, and no more than
 * the last few stay, however many end in that minute. A fill of an order that is forgotten closes the account: nobody guesses.
 * Of one that is filled whole the evidence, which is most of its bytes, is not needed any more: nothing is left to be filled.
 */
import { statusOf } from "@countersign/orders";
import type { ExecutionState, HeldOrder } from "./state.ts";

/** What the clock has overtaken. */
export function forgetOld(state: ExecutionState, nowMs: number): ExecutionState {
  const all = Object.entries(state.orders);
  const kept = all.filter(([, { endedMs }]) => endedMs === undefined || nowMs - endedMs <= LATE_FILL_MS);
  return kept.length === all.length ? state : { ...state, orders: Object.fromEntries(kept) };
}

/** What later ends have pushed out, the first that ended first; and the evidence of what is filled whole. */
export function forgetMost(state: ExecutionState): ExecutionState {
  return withoutEvidence(withoutOldest(state));
}

function withoutEvidence(state: ExecutionState): ExecutionState {
  const isFilled = (held: HeldOrder) => held.submit !== undefined && statusOf(held.state) === "FILLED";
  if (!Object.values(state.orders).some(isFilled)) return state;
  const orders = Object.entries(state.orders).map(([id, held]) => [
    id,
    isFilled(held) ? { ...held, submit: undefined } : held,
  ]);
  return { ...state, orders: Object.fromEntries(orders) };
}

function withoutOldest(state: ExecutionState): ExecutionState {
  const ended = Object.entries(state.orders).filter(([, { endedMs }]) => endedMs !== undefined);
  if (ended.length <= ENDED_MAX) return state;
  const oldest = ended.toSorted(([, a], [, b]) => (a.endedMs ?? 0) - (b.endedMs ?? 0)).slice(0, -ENDED_MAX);
  const gone = new Set(oldest.map(([id]) => id));
  return { ...state, orders: Object.fromEntries(Object.entries(state.orders).filter(([id]) => !gone.has(id))) };
}

const LATE_FILL_MS = 60_000;
const ENDED_MAX = 32;
