import { add, type Money, money } from "@countersign/orders";
import type { ExecutionState, ParentTotal } from "./state.ts";

/** What the children of this parent may cost so far, those that ended without a fill among them: it is never counted down. */
export function siblingsOf(state: ExecutionState, parent: string, { scale, currency }: Money): Money {
  return state.parents[parent]?.notional ?? money(0n, scale, currency);
}

/** With one more child. Parents whose last child is old are forgotten, so that the state does not grow for ever. */
export function countChild(
  state: ExecutionState,
  child: { readonly parent: string; readonly notional: Money },
  nowMs: number,
): ExecutionState {
  const kept = Object.entries(state.parents).filter(([, { atMs }]) => nowMs - atMs <= PARENT_MEMORY_MS);
  const before = state.parents[child.parent]?.notional;
  const total: ParentTotal = {
    notional: before === undefined ? child.notional : add(before, child.notional),
    atMs: nowMs,
  };
  return { ...state, parents: { ...Object.fromEntries(kept), [child.parent]: total } };
}

/** A day: slices of one order are worked off within a session. */
const PARENT_MEMORY_MS = 24 * 60 * 60 * 1_000;
