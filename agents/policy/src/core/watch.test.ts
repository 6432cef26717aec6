import type { Effect } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Desk } from "../testing.ts";

const rule = (metric: string, threshold: string, more: object = {}) => ({
  ...{ rule: metric, metric, scope: "account", comparator: ">=", threshold, action: "halt", ...more },
});

/** It holds 100 AAPL at 100.00, of an equity of 100,000.00 USD. */
function holding(...rules: readonly object[]): Desk {
  const desk = Desk.open(rules);
  const first = { key: "first", quantity: 100n };
  desk.ask(first);
  desk.accept(first);
  desk.fill(first, 100n, 10_000n);
  return desk;
}

function tick(desk: Desk, afterMs = 1_000): readonly Effect[] {
  desk.nowMs += afterMs;
  return desk.take({ kind: "tick" });
}

const sources = ({ state }: Desk) => state.latches.map(({ source }) => source);

describe("while nobody asks for anything", () => {
  for (const metric of ["daily_loss", "drawdown"])
    it(`a ${metric} halts the account after three fresh quotes that say so, and the same quote is one`, () => {
      const desk = holding(rule(metric, "0.01"));
      for (const price of [9_000n, 8_990n]) {
        desk.quote("AAPL", price, price);
        for (let looks = 0; looks < 3; looks++) expect(tick(desk)).toEqual([]);
      }
      desk.quote("AAPL", 8_980n, 8_980n);
      const effects = tick(desk);
      expect(effects.map(({ kind }) => kind)).toEqual(["publish", "alert", "call"]);
      expect(sources(desk)).toEqual([`rule ${metric}`]);
      expect(desk.state.latches[0]?.reason).toMatch(/1\.02 %|limit|below/);
      expect(desk.ask({ key: "more", quantity: 1n }).code).toBe("HALTED");
      // Once: what is latched is not latched again.
      desk.quote("AAPL", 8_970n, 8_970n);
      for (let looks = 0; looks < 4; looks++) expect(tick(desk)).toEqual([]);
    });

  it("a price that has come back begins the count anew", () => {
    const desk = holding(rule("drawdown", "0.01"));
    for (const price of [9_000n, 8_990n, 9_900n, 8_990n, 8_980n]) {
      desk.quote("AAPL", price, price);
      expect(tick(desk)).toEqual([]);
    }
    expect(desk.state.latches).toEqual([]);
  });

  it("a market that has fallen silent halts the account, of what it holds", () => {
    const desk = holding(rule("quote_age", "10", { samples: 2 }));
    desk.quote("SPX", 200_000n, 200_000n);
    tick(desk, 5_000);
    expect(desk.state.latches).toEqual([]);
    tick(desk, 6_000);
    // Twice in one second is one look.
    tick(desk, 0);
    expect(desk.state.latches).toEqual([]);
    tick(desk);
    expect(sources(desk)).toEqual(["rule quote_age"]);
    // Who holds nothing waits for nothing.
    const flat = Desk.open([rule("quote_age", "10", { samples: 1 })]);
    tick(flat, 60_000);
    expect(flat.state.latches).toEqual([]);
  });

  it("an audit log that has fallen behind halts the account", () => {
    const desk = Desk.open([rule("audit_lag", "50", { samples: 2 })]);
    desk.auditTrailing = 49;
    tick(desk);
    desk.auditTrailing = 50;
    tick(desk);
    expect(desk.state.latches).toEqual([]);
    tick(desk);
    expect(sources(desk)).toEqual(["rule audit_lag"]);
  });

  it("a price that is not known halts nobody, and nothing is written while all is well", () => {
    const desk = holding(rule("drawdown", "0.01", { samples: 1 }));
    desk.quote("AAPL", 10_001n, 10_001n);
    tick(desk);
    const { context } = desk.inputs.at(-1)!;
    expect(desk.policy.decide(desk.state, { kind: "tick" }, context).state).toBe(desk.state);
    desk.view.symbols.get("AAPL")!.quote = undefined;
    expect(tick(desk)).toEqual([]);
  });
});
