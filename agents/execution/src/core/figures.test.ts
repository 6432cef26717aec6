import { describe, expect, it } from "vitest";
import { Rig } from "../../test/rig.ts";
import { intentOf, NOW_MS, submitCommand, submitOf } from "../../test/world.ts";
import { accountFigures } from "./figures.ts";
import { closeAccount } from "./state.ts";

const row = (sinceMs: number) => ({
  booking: new Uint8Array(0),
  fills: 1,
  sinceMs,
  atMs: sinceMs,
  open: [],
  traded: [],
});

describe("the figures of an account", () => {
  it("of an account where nothing happened are nothing", () => {
    const { state } = new Rig();
    expect(accountFigures(state, NOW_MS)).toEqual({ unbookedSeconds: 0, workingOrders: 0, closed: [], latches: 0 });
  });

  it("tell the age of the oldest fill that is not booked, and never one below zero", () => {
    const { state } = new Rig();
    const unbooked = [row(NOW_MS - 12_500), row(NOW_MS - 100)];
    expect(accountFigures({ ...state, unbooked }, NOW_MS).unbookedSeconds).toBe(12.5);
    expect(accountFigures({ ...state, unbooked }, NOW_MS - 60_000).unbookedSeconds).toBe(0);
  });

  it("count orders that work, each reason for which it is closed once, and latches", () => {
    const rig = new Rig();
    rig.decide(submitCommand(submitOf(intentOf())));
    const latches = [{ id: "h", level: 1, scope: { kind: "all" as const } }];
    const closed = closeAccount({ ...rig.state, latches }, "CASH_DRIFT", "0.01 missing");
    const again = { ...closed, closed: [...closed.closed, { code: "CASH_DRIFT" as const, text: "0.02 missing" }] };
    expect(accountFigures(again, NOW_MS)).toMatchObject({ workingOrders: 1, closed: ["CASH_DRIFT"], latches: 1 });
  });
});
