/**
 * How long the state remembers an order that ended. The state is written whole with every decision, so it must not grow with the number
 * of orders: an ended one stays for a minute, because a fill that crossed its cancel on the way is still its fill, and no more than
 * the last few stay, however many end in that minute. A fill of an order that is forgotten closes the account: nobody guesses.
 */
import type { ExecutionState } from "./state.ts";

/** What the clock has overtaken. */
export function forgetOld(state: ExecutionState, nowMs: number): ExecutionState {
  const all = Object.entries(state.orders);
  const kept = all.filter(([, { endedMs }]) => endedMs === undefined || nowMs - endedMs <= LATE_FILL_MS);
  return kept.length === all.length ? state : { ...state, orders: Object.fromEntries(kept) };
}

/** What later ends have pushed out, the first that ended first. */
export function forgetMost(state: ExecutionState): ExecutionState {
  const ended = Object.entries(state.orders).filter(([, { endedMs }]) => endedMs !== undefined);
  if (ended.length <= ENDED_MAX) return state;
  const oldest = ended.toSorted(([, a], [, b]) => (a.endedMs ?? 0) - (b.endedMs ?? 0)).slice(0, -ENDED_MAX);
  const gone = new Set(oldest.map(([id]) => id));
  return { ...state, orders: Object.fromEntries(Object.entries(state.orders).filter(([id]) => !gone.has(id))) };
}

const LATE_FILL_MS = 60_000;
const ENDED_MAX = 32;
