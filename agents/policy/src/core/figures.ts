/** What whoever watches wants to know of Policy: plain numbers, from the state and the limits alone. */
import { toNumber } from "@countersign/orders";
import type { Limits } from "./limits.ts";
import type { Equity, PolicyState } from "./state.ts";

export interface JudgeFigures {
  readonly latches: number;
  readonly approvalsWaiting: number;
  /** Until the first of them expires; undefined where nothing waits. */
  readonly approvalLeftSeconds: number | undefined;
  /** What was lost as a share of what the tightest rule allows, by metric; without equity nothing is known. */
  readonly limitsUsed: Readonly<Record<string, number>>;
}

/** Limits on what is lost: the only ones that move while nobody asks for an order. */
const LOSSES = { daily_loss: "dayStart", drawdown: "peak" } as const satisfies Record<string, keyof Equity>;

export function judgeFigures({ latches, waiting, equity }: PolicyState, limits: Limits, nowMs: number): JudgeFigures {
  const expiries = Object.values(waiting).map(({ expiresAtMs }) => expiresAtMs);
  return {
    latches: latches.length,
    approvalsWaiting: expiries.length,
    approvalLeftSeconds: expiries.length === 0 ? undefined : Math.max(0, Math.min(...expiries) - nowMs) / 1_000,
    limitsUsed: equity === undefined ? {} : limitsUsed(equity, limits),
  };
}

function limitsUsed(equity: Equity, { rules }: Limits): Readonly<Record<string, number>> {
  const used: Record<string, number> = {};
  for (const [metric, since] of Object.entries(LOSSES)) {
    const from = equity[since];
    const allowed = rules
      .filter((rule) => rule.metric === metric && rule.action !== "warn")
      .map(({ threshold }) => toNumber(threshold));
    if (from <= 0n || allowed.length === 0) continue;
    const lost = Math.max(0, Number(from - equity.last) / Number(from));
    used[metric] = lost / Math.min(...allowed);
  }
  return used;
}
