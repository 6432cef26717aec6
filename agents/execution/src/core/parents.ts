import { add, type Money, money } from "@countersign/orders";
import type { ExecutionState, ParentTotal } from "./state.ts";

/** What the children of this parent may cost so far, those that ended without a fill among them: it is never counted down. */
export function siblingsOf(state: ExecutionState, parent: string, { scale, currency }: Money): Money {
  return state.parents[parent]?.notional ?? money(0n, scale, currency);
}

/**
 * With one more child. An order that is its own parent is nobody's child, so nothing is kept of it: the state, which is written whole
 * with every decision, must not grow with every order. Parents whose last child is old are forgotten for the same reason.
 */
export function countChild(
  state: ExecutionState,
  child: { readonly intentKey: string; readonly parent: string; readonly notional: Money },
  nowMs: number,
): ExecutionState {
  if (child.parent === child.intentKey) return state;
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
