import { OrderStatus, Side } from "@countersign/contracts";
import { decisions, openFence, proposed } from "@countersign/proposer/testing";
import type { Effect } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Cover } from "./testing.ts";

const halts = (level: number, scope: (typeof openFence)["halts"][number]["scope"] = { kind: "all" }) => ({
  ...openFence,
  epoch: openFence.epoch + 1n,
  halts: [{ id: "h1", level, scope }],
});

/** It holds 500 AAPL, and nothing is hedged yet. */
function holding(): Cover {
  const cover = Cover.ready({ band: 0.9 });
  cover.fill("BUY", 500n);
  return cover;
}

function halt(cover: Cover, fence: ReturnType<typeof halts>): readonly Effect[] {
  cover.fence = fence;
  return cover.take({ kind: "fence", fence });
}

/** The order under way trades so much, and ends. */
function trade(cover: Cover, units: bigint, status: OrderStatus = OrderStatus.FILLED): readonly Effect[] {
  const { intentKey } = cover;
  cover.permit();
  cover.accept();
  if (units > 0n) cover.fill("SELL", units, "AAPL", intentKey);
  return cover.report(status, intentKey);
}

const timers = (effects: readonly Effect[]) => effects.filter(({ kind }) => kind === "timer");

describe("a halt of level 3", () => {
  it("closes what is held, by an order that only reduces, and says so on record", () => {
    const cover = holding();
    const effects = halt(cover, halts(3));
    const [intent, ...more] = proposed(effects);
    expect(intent).toMatchObject({
      ...{ symbol: "AAPL", side: Side.SELL, quantity: { units: 500n }, reduceOnly: true, proposer: "hedger" },
      ...{ principal: "strategy:flatten@1", signalId: "h1", attempt: 0 },
    });
    expect(more).toEqual([]);
    expect(intent?.parent).toBe(intent?.intentKey);
    expect(decisions(effects)).toEqual(["FLATTEN"]);
    expect(trade(cover, 500n)).toEqual([]);
    expect(cover.state.account.book.positions.AAPL?.quantity.units ?? 0n).toBe(0n);
    expect(cover.day()).toEqual([]);
  });

  it("goes on until nothing is held: what has traded in part is closed at once, as a child of the same parent", () => {
    const cover = holding();
    const [first] = proposed(halt(cover, halts(3)));
    const [second] = proposed(trade(cover, 200n, OrderStatus.EXPIRED));
    expect(second).toMatchObject({ quantity: { units: 300n }, attempt: 1, parent: first?.intentKey });
    trade(cover, 300n);
    // And what comes late is closed, too.
    expect(proposed(cover.fill("SELL", 50n))).toMatchObject([{ side: Side.BUY, quantity: { units: 50n }, attempt: 2 }]);
  });

  it("what is refused is asked for again after a second, then two, and for half as much", () => {
    const cover = holding();
    halt(cover, halts(3));
    for (const [waitMs, units] of [
      [1_000, 250n],
      [2_000, 125n],
      [4_000, 62n],
    ] as const) {
      const refused = cover.reject();
      expect([proposed(refused), timers(refused)]).toEqual([
        [],
        [expect.objectContaining({ dueMs: cover.nowMs + waitMs })],
      ]);
      expect(proposed(cover.day())).toMatchObject([{ quantity: { units } }]);
    }
  });

  it("waits for the timer that it has set, and no longer", () => {
    const cover = holding();
    halt(cover, halts(3));
    const [timer] = timers(cover.reject());
    if (timer?.kind !== "timer") throw new Error("no timer");
    const { id, dueMs, data } = timer;
    cover.nowMs = dueMs - 1;
    expect(cover.take({ kind: "timer", id, dueMs, data })).toEqual([]);
    cover.nowMs = dueMs;
    expect(proposed(cover.take({ kind: "timer", id, dueMs, data })).length).toBe(1);
  });

  it("closes no more than its scope, and a strategy's closes nothing", () => {
    for (const scope of [
      { kind: "symbol", id: "MSFT" },
      { kind: "account", id: "other" },
      { kind: "strategy", id: "trend" },
    ] as const)
      expect(proposed(halt(holding(), halts(3, scope)))).toEqual([]);
    for (const scope of [
      { kind: "symbol", id: "AAPL" },
      { kind: "account", id: "main" },
      { kind: "venue", id: "paper" },
    ] as const)
      expect(proposed(halt(holding(), halts(3, scope))).length).toBe(1);
  });

  it("lets an order that is under way end first", () => {
    const cover = Cover.ready();
    cover.fill("BUY", 500n);
    expect(halt(cover, halts(3))).toEqual([]);
    const [intent] = proposed(cover.reject());
    expect(intent).toMatchObject({ symbol: "AAPL", quantity: { units: 500n } });
  });

  it("without a price nothing can be asked for: somebody is told, and it is looked for again", () => {
    const cover = Cover.ready({ band: 0.9 });
    cover.fill("BUY", 10n, "MSFT");
    const effects = halt(cover, halts(3));
    expect(effects).toMatchObject([{ kind: "alert", code: "NO_PRICE" }, { kind: "timer" }]);
    cover.quote("MSFT", 4_999n, 5_001n);
    cover.nowMs += 1_000;
    expect(proposed(cover.day())).toMatchObject([{ symbol: "MSFT", quantity: { units: 10n } }]);
  });
});

it("halts of levels 1 and 2 close nothing", () => {
  for (const level of [1, 2]) expect(halt(holding(), halts(level))).toEqual([]);
});
