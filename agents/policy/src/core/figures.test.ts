import { describe, expect, it } from "vitest";
import { Desk } from "../testing.ts";
import { judgeFigures } from "./figures.ts";

const rule = (name: string, metric: string, threshold: string, action = "reduce_only") => ({
  ...{ rule: name, metric, scope: "account", comparator: ">=", threshold, action },
});

describe("the figures of Policy", () => {
  it("tell what was lost as a share of what the tightest rule allows, warnings aside", () => {
    const desk = Desk.open([
      rule("halt", "daily_loss", "0.10"),
      rule("slow down", "daily_loss", "0.05"),
      rule("look", "daily_loss", "0.01", "warn"),
    ]);
    const { limits } = desk.config;
    const equity = { last: 97_000n, dayStart: 100_000n, peak: 100_000n, date: 0, turnover: {} };
    expect(judgeFigures({ ...desk.state, equity }, limits, 0).limitsUsed).toEqual({ daily_loss: 0.6 });
    const gained = { ...equity, last: 101_000n };
    expect(judgeFigures({ ...desk.state, equity: gained }, limits, 0).limitsUsed).toEqual({ daily_loss: 0 });
  });

  it("say nothing of a loss where the equity is not known", () => {
    const desk = Desk.open([rule("halt", "drawdown", "0.10")]);
    expect(judgeFigures({ ...desk.state, equity: undefined }, desk.config.limits, 0).limitsUsed).toEqual({});
    const equity = { last: 1n, dayStart: 0n, peak: 0n, date: 0, turnover: {} };
    expect(judgeFigures({ ...desk.state, equity }, desk.config.limits, 0).limitsUsed).toEqual({});
  });

  it("count orders that wait for a person, and the seconds until the first is over", () => {
    const desk = Desk.open([rule("large", "order_notional", "1", "escalate")]);
    const { limits } = desk.config;
    expect(judgeFigures(desk.state, limits, desk.nowMs)).toMatchObject({ approvalsWaiting: 0 });
    desk.ask({ key: "first", quantity: 1n });
    desk.nowMs += 30_000;
    desk.ask({ key: "second", quantity: 1n });
    const first = judgeFigures(desk.state, limits, desk.nowMs);
    expect(first).toMatchObject({ approvalsWaiting: 2, approvalLeftSeconds: limits.approvals.ttlMs / 1_000 - 30 });
    expect(judgeFigures(desk.state, limits, desk.nowMs + 1e9).approvalLeftSeconds).toBe(0);
  });
});
