import { describe, expect, it } from "vitest";
import { Desk } from "../testing.ts";
import { DAY_MS } from "../testing-world.ts";
import { type Comparator, comparatorsOf, type MetricName, metricNames, metricOf } from "./metrics.ts";

interface Case {
  readonly metric: MetricName;
  readonly scope: string;
  readonly more?: object;
  /** Makes the value this number, for an order to buy 100 AAPL at 100.00 with an equity of 100,000.00 USD. */
  readonly setUp?: (desk: Desk) => void;
  readonly value: string;
  /** One unit of the value, as fine as a threshold can say it. */
  readonly unit: number;
  readonly says: string;
}

const filled = (desk: Desk): void => {
  const first = { key: "first", quantity: 100n };
  desk.ask(first);
  desk.accept(first);
  desk.fill(first, 100n, 10_000n);
};
const lost = (desk: Desk): void => {
  filled(desk);
  desk.quote("AAPL", 9_000n, 9_000n);
};
const bars = (desk: Desk): void => {
  // Returns of exactly −1/4.
  for (const close of [1_600n, 1_200n, 900n]) {
    desk.nowMs += DAY_MS;
    desk.bar("AAPL", close);
  }
};

const cases: readonly Case[] = [
  { metric: "position", scope: "symbol", value: "0.1", unit: 1e-9, says: "position 10 % of equity" },
  { metric: "gross_exposure", scope: "account", value: "10000", unit: 0.01, says: "gross exposure 10,000.00 USD" },
  { metric: "gross_exposure", scope: "symbol", value: "10000", unit: 0.01, says: "gross exposure 10,000.00 USD" },
  { metric: "leverage", scope: "account", value: "0.1", unit: 1e-9, says: "leverage 0.1" },
  { metric: "order_notional", scope: "account", value: "10000", unit: 0.01, says: "order 10,000.00 USD" },
  { metric: "daily_loss", scope: "account", setUp: lost, value: "0.01", unit: 1e-9, says: "loss today 1 % of equity" },
  { metric: "drawdown", scope: "account", setUp: lost, value: "0.01", unit: 1e-9, says: "drawdown 1 % of peak equity" },
  {
    metric: "var_historical",
    scope: "account",
    more: { window: 2, confidence: "0.5" },
    setUp: bars,
    value: "0.025",
    unit: 1e-9,
    says: "one-day VaR 2.5 % of equity",
  },
  { metric: "confidence", scope: "account", value: "0.9", unit: 1e-9, says: "confidence 0.9" },
  { metric: "confidence", scope: "strategy", value: "0.9", unit: 1e-9, says: "confidence 0.9" },
  ...(["account", "symbol", "strategy"] as const).map((scope) => ({
    metric: "turnover" as const,
    scope,
    setUp: filled,
    value: "0.2",
    unit: 1e-9,
    says: "turnover today 20 % of equity",
  })),
  { metric: "liquidity", scope: "symbol", value: "0.02", unit: 1e-9, says: "order 2 % of the displayed size" },
  ...(["account", "symbol", "strategy"] as const).map((scope) => ({
    metric: "order_rate" as const,
    scope,
    setUp: filled,
    value: "2",
    unit: 1,
    says: "2 orders in a minute",
  })),
  {
    metric: "audit_lag",
    scope: "account",
    setUp: (desk) => {
      desk.auditTrailing = 3;
    },
    value: "3",
    unit: 1,
    says: "3 records not in the audit log",
  },
  {
    metric: "quote_age",
    scope: "symbol",
    setUp: (desk) => {
      desk.nowMs += 5_000;
    },
    value: "5",
    unit: 0.001,
    says: "age of the quote 5 s",
  },
];

/** What a comparator says of a value one unit below, at and one unit above its threshold. */
const breaches: Readonly<Record<Comparator, readonly boolean[]>> = {
  ">": [false, false, true],
  ">=": [false, true, true],
  "<": [true, false, false],
  "<=": [true, true, false],
};

describe("rules at their threshold", () => {
  for (const { metric, scope, more, setUp, value, unit, says } of cases) {
    for (const comparator of comparatorsOf(metricOf(metric))) {
      it(`${metric} (${scope}) ${comparator} its threshold, one unit below, at and above it`, () => {
        const seen = [1, 0, -1].map((units) => {
          const threshold = (Number(value) + units * unit).toFixed(9);
          const rule = { metric, scope, ...more, comparator, threshold, action: "reject" };
          // The set-up has orders of its own, which the rule shall not refuse; but a window of bars has to be looked back on.
          const before = Desk.open(more === undefined ? undefined : [{ ...rule, action: "warn" }]);
          setUp?.(before);
          const desk = before.judgedBy([rule]);
          const verdict = desk.ask({
            quantity: 100n,
            ...(metric === "daily_loss" || metric === "drawdown" ? { limit: 9_000n } : {}),
          });
          const result = verdict.rules.find((one) => one.metric === metric);
          expect(result?.value).toBe(value);
          expect(result?.explanation).toContain(says);
          expect(verdict.code).toBe(result?.breached ? `${metric.toUpperCase()}_LIMIT` : undefined);
          return result?.breached;
        });
        expect(seen).toEqual(breaches[comparator]);
      });
    }
  }

  it("covers every metric but the two that are estimates, which value-at-risk.test.ts and view.test.ts compare", () => {
    const rest = metricNames.filter((name) => !cases.some(({ metric }) => metric === name));
    expect(rest).toEqual(["var_parametric", "volatility"]);
  });
});

describe("the worst case", () => {
  const rule = { metric: "position", scope: "symbol", comparator: ">", threshold: "0.1", action: "reject" };
  const spx = { symbol: "SPX", quantity: 500n };

  it("has the venue's fee in it: 10,000.00 of 100,000.00 less 0.50", () => {
    expect(Desk.open([rule]).ask(spx).code).toBe("POSITION_LIMIT");
    expect(Desk.open([{ ...rule, threshold: "0.10001" }]).ask(spx).code).toBeUndefined();
  });

  it("has open orders in it, and not those of the other side", () => {
    const desk = Desk.open([rule]);
    expect(desk.ask({ key: "a", quantity: 60n }).type).toBe("permit.issued");
    expect(desk.ask({ key: "b", quantity: 41n }).code).toBe("POSITION_LIMIT");
    expect(desk.ask({ key: "c", side: "SELL", quantity: 100n }).type).toBe("permit.issued");
    expect(desk.ask({ key: "d", quantity: 40n }).type).toBe("permit.issued");
  });
});

describe("actions", () => {
  const rule = { metric: "position", scope: "symbol", comparator: ">", threshold: "0.5" };
  const over = { quantity: 600n };

  it("warn permits, says so and alerts", () => {
    const verdict = Desk.open([{ ...rule, action: "warn" }]).ask(over);
    expect(verdict.issued?.explanation).toBe("within all 1 limits; warning: position 60 % of equity, limit 50 %");
    expect(verdict.effects.filter(({ kind }) => kind === "alert")).toHaveLength(1);
  });

  it("reject and reduce_only refuse with the same code, and the author's own words", () => {
    for (const action of ["reject", "reduce_only"]) {
      const verdict = Desk.open([{ ...rule, action, explain: "we sleep badly above half" }]).ask(over);
      expect(verdict.code).toBe("POSITION_LIMIT");
      expect(verdict.rejected?.explanation).toBe("position 60 % of equity, limit 50 % (we sleep badly above half)");
    }
  });

  it("lets the hardest rule name the code, and names them all", () => {
    const verdict = Desk.open([
      { metric: "order_notional", scope: "account", comparator: ">", threshold: "1", action: "reduce_only" },
      { ...rule, action: "reject" },
    ]).ask(over);
    expect(verdict.code).toBe("POSITION_LIMIT");
    expect(verdict.rejected?.explanation).toBe("order 60,000.00 USD, limit 1 USD; position 60 % of equity, limit 50 %");
  });

  it("halt refuses at once, and latches its account when three fresh quotes say the same", () => {
    const desk = Desk.open([{ ...rule, action: "halt" }]);
    for (const [sample, quotes] of [
      [1, 0],
      [1, 0],
      [2, 1],
    ] as const) {
      if (quotes > 0) desk.quote("AAPL", 10_000n, 10_000n);
      expect(desk.ask(over).code).toBe("POSITION_LIMIT");
      expect(Object.values(desk.state.trips)).toMatchObject([{ samples: sample }]);
    }
    desk.quote("AAPL", 10_000n, 10_000n);
    const third = desk.ask(over);
    expect(third.code).toBe("POSITION_LIMIT");
    expect(third.effects.map(({ kind }) => kind)).toEqual(["publish", "publish", "alert", "call"]);
    expect(desk.state.latches).toMatchObject([{ level: 1, scope: { kind: "account", id: "main" }, code: "HALTED" }]);
    expect(desk.ask({ key: "small", quantity: 1n }).code).toBe("HALTED");
  });

  it("a halting rule that is kept once starts to count anew", () => {
    const desk = Desk.open([{ ...rule, action: "halt" }]);
    desk.ask(over);
    desk.quote("AAPL", 10_000n, 10_000n);
    expect(desk.ask({ key: "small", quantity: 1n }).type).toBe("permit.issued");
    expect(desk.state.trips).toEqual({});
  });
});
