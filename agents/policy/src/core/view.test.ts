import { describe, expect, it } from "vitest";
import { Desk } from "../testing.ts";
import { DAY_MS, limitsOf, START_MS } from "../testing-world.ts";
import { decimalText, fromFixed } from "./rational.ts";
import { suggest } from "./suggest.ts";
import { group } from "./words.ts";

const rules = [
  { metric: "volatility", scope: "symbol", window: 3, comparator: ">", threshold: "9", action: "warn" },
  {
    metric: "var_historical",
    scope: "account",
    window: 3,
    confidence: "0.5",
    comparator: ">",
    threshold: "9",
    action: "warn",
  },
];

describe("the view", () => {
  it("goes on from its snapshot as if it had never stopped", () => {
    const closes = [10_000n, 10_100n, 9_950n, 10_020n, 10_000n, 10_200n];
    const whole = Desk.open(rules);
    const stopped = Desk.open(rules);
    for (const [index, close] of closes.entries()) {
      for (const desk of [whole, stopped]) {
        desk.nowMs = START_MS + index * DAY_MS;
        desk.quote("AAPL", close - 1n, close + 1n);
        desk.bar("AAPL", close);
      }
      const snapshot = JSON.parse(JSON.stringify(stopped.policy.view.snapshot(stopped.view)));
      const restored = stopped.policy.view.restore(snapshot);
      for (const [name, symbol] of restored.symbols) stopped.view.symbols.set(name, symbol);
    }
    expect(stopped.policy.view.snapshot(stopped.view)).toEqual(whole.policy.view.snapshot(whole.view));
    expect(stopped.ask({ quantity: 10n }).issued?.rules).toEqual(whole.ask({ quantity: 10n }).issued?.rules);
    expect(stopped.view.symbols.get("AAPL")?.quote?.ref.digest).toBeInstanceOf(Uint8Array);
  });

  it("starts from nothing what a snapshot does not have", () => {
    const old = Desk.open([rules[1] ?? {}]);
    old.bar("AAPL", 10_000n);
    const desk = new Desk(rules);
    const view = desk.policy.view.restore(JSON.parse(JSON.stringify(old.policy.view.snapshot(old.view))));
    expect(view.symbols.get("AAPL")?.close).toBe(100);
    expect(view.symbols.get("AAPL")?.volatilities.get(3)?.value).toBeUndefined();
  });

  it("asks for a decision on bars of known symbols alone", () => {
    const desk = Desk.open(rules);
    const before = desk.inputs.length;
    desk.quote("AAPL", 1n, 2n);
    desk.bar("TSLA", 1n);
    expect(desk.inputs).toHaveLength(before);
    desk.bar("AAPL", 1n);
    expect(desk.inputs).toHaveLength(before + 1);
  });
});

describe("the account", () => {
  it("reads what is its own", () => {
    const desk = Desk.open();
    const { policy } = desk;
    const ask = desk.inputs[0]?.input;
    if (ask?.kind !== "message") throw new Error("the deposit came first");
    expect(policy.keyOf(ask)).toBe("main");
    const other = { ...ask, type: "order.filled", body: { ...ask.body, key: "other" } };
    expect(policy.keyOf(other)).toBeUndefined();
    expect(policy.keyOf({ ...ask, type: "control.entry" })).toBeUndefined();
    expect(policy.keyOf({ ...ask, type: "agent.heartbeat" })).toBeUndefined();
    expect(policy.keyOf({ kind: "tick" })).toBe("main");
    expect(policy.keyOf({ kind: "no-answer", id: "other:1", code: "UNAVAILABLE" })).toBeUndefined();
    expect(policy.initial("main").orders).toEqual({});
  });

  it("forgets a parent when its orders are a day old", () => {
    const desk = Desk.open();
    desk.ask({ quantity: 1n });
    desk.report({ key: "intent", quantity: 1n });
    desk.ask({ key: "b", quantity: 1n, parent: "p" });
    desk.accept({ key: "b", quantity: 1n });
    desk.report({ key: "b", quantity: 1n });
    expect(Object.keys(desk.state.families)).toEqual(["p"]);
    desk.nowMs += DAY_MS;
    desk.bar("AAPL", 1n);
    expect(desk.state.families).toEqual({});
  });
});

describe("words", () => {
  it("keeps two different numbers apart, and groups thousands", () => {
    const rule = { metric: "position", scope: "symbol", comparator: ">", threshold: "0.1", action: "reject" };
    const says = (quantity: bigint, limit: bigint) => Desk.open([rule]).ask({ quantity, limit }).rejected?.explanation;
    expect(says(101n, 10_000n)).toBe("position 10.1 % of equity, limit 10 %");
    // One cent above the bid for each of 100 shares: 10,000.00 of 99,999.00.
    expect(says(100n, 10_001n)).toBe("position 10.0001 % of equity, limit 10 %");
    expect(["1", "999.5", "1000", "1234567.8901", "-45000.00"].map(group)).toEqual([
      "1",
      "999.5",
      "1,000",
      "1,234,567.8901",
      "-45,000.00",
    ]);
  });

  it("rounds half to even, and suggests only what is near", () => {
    expect(decimalText(fromFixed({ units: 25n, scale: 2 }), 1)).toBe("0.2");
    expect(suggest("metrik", ["metric", "rule"])).toBe("metric");
    expect(suggest("<", [">", ">="])).toBeUndefined();
    expect(
      limitsOf([{ metric: "leverage", scope: "account", comparator: ">", threshold: "1", action: "warn" }]).rules,
    ).toHaveLength(1);
  });
});
