/** What whoever watches wants to know of the account: plain numbers, from the state alone. */
import { isTerminal } from "@countersign/orders";
import type { ExecutionState } from "./state.ts";

export interface AccountFigures {
  /** Age of the oldest fill that is not booked; 0 when there is none. */
  readonly unbookedSeconds: number;
  /** Orders that are accepted and not over. */
  readonly workingOrders: number;
  /** Codes: why no new order is taken. */
  readonly closed: readonly string[];
  readonly latches: number;
}

export function accountFigures({ unbooked, orders, closed, latches }: ExecutionState, nowMs: number): AccountFigures {
  const [oldest] = unbooked;
  return {
    unbookedSeconds: oldest === undefined ? 0 : Math.max(0, nowMs - oldest.sinceMs) / 1_000,
    workingOrders: Object.values(orders).filter(({ state }) => !isTerminal(state)).length,
    closed: [...new Set(closed.map(({ code }) => code))],
    latches: latches.length,
  };
}
