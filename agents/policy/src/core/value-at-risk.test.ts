import { type Instrument, parseInstruments } from "@countersign/orders";
import { normalVar } from "@countersign/quant";
import { describe, expect, it } from "vitest";
import { Desk } from "../testing.ts";
import { type Ask, DAY_MS } from "../testing-world.ts";

const rule = { scope: "account", comparator: ">", threshold: "9", action: "warn" };
const historical = { ...rule, metric: "var_historical", window: 4, confidence: "0.75" };
const parametric = { ...rule, metric: "var_parametric", window: 4, confidence: "0.99" };
const volatility = { ...rule, metric: "volatility", scope: "symbol", window: 4 };

/** Closes 100, then these returns in percent, of each symbol, on the same days. */
function bars(
  desk: Desk,
  returns: readonly number[],
  symbols: readonly string[] = ["AAPL", "SPX"],
  stepMs = DAY_MS,
): void {
  let close = 1_000_000;
  for (const change of [0, ...returns]) {
    close = Math.round(close * (1 + change / 100));
    desk.nowMs += stepMs;
    for (const symbol of symbols) desk.bar(symbol, BigInt(close), stepMs);
  }
}

const measured = (desk: Desk, ask: Ask, metric: string) =>
  Number(desk.ask(ask).rules.find((result) => result.metric === metric)?.value);

describe("value at risk of the book after the trade", () => {
  it("historical: the second largest of four losses at 75 %, of 10 % of equity", () => {
    const desk = Desk.open([historical]);
    bars(desk, [-3, 1, -5, 2]);
    // R1 at 0.75 of four losses is the third smallest: 3 %.
    expect(measured(desk, { quantity: 100n }, "var_historical")).toBeCloseTo(0.003, 6);
    // Short, the losses are the gains: −1 and −2 are gains of 3 and 5 turned round.
    expect(measured(desk, { key: "s", side: "SELL", quantity: 200n }, "var_historical")).toBeGreaterThan(0);
  });

  it("parametric: mean and sample deviation of the same returns, as if normal", () => {
    const desk = Desk.open([parametric]);
    bars(desk, [-3, 1, -5, 2]);
    const [mean, sd] = [-0.0125, Math.sqrt((0.0175 ** 2 + 0.0225 ** 2 + 0.0375 ** 2 + 0.0325 ** 2) / 3)];
    const expected = normalVar({ mean, sd, confidence: 0.99 }).var * 0.1;
    expect(measured(desk, { quantity: 100n }, "var_parametric")).toBeCloseTo(expected, 6);
  });

  it("counts a hedge that is held, and not one that may never be filled", () => {
    const hedge: Ask = { key: "h", symbol: "SPX", side: "SELL", quantity: 500n };
    const open = () => {
      const desk = Desk.open([historical]);
      bars(desk, [-3, 1, -5, 2]);
      desk.quote("SPX", 200_000n, 200_000n);
      return desk;
    };
    const held = open();
    held.fill({ ...hedge, quantityScale: 2 }, 500n, 200_000n);
    // Long 10,000 and short 10,000 of what moves alike: only the buy's own corner is empty, where the hedge stands alone.
    expect(measured(held, { quantity: 100n }, "var_historical")).toBeLessThan(0.003);
    const working = open();
    working.ask(hedge);
    expect(measured(working, { quantity: 100n }, "var_historical")).toBeCloseTo(0.003, 6);
  });

  it("of an hour's bars is scaled to the day by √6.5, and the volatility to the year", () => {
    const desk = Desk.open([historical, volatility]);
    bars(desk, [-3, 1, -5, 2], ["AAPL"], 3_600_000);
    const { rules } = desk.ask({ quantity: 100n });
    expect(Number(rules[1]?.value)).toBeCloseTo(0.003 * Math.sqrt(6.5), 6);
    const logs = [-3, 1, -5, 2].map((percent) => Math.log(1 + percent / 100));
    const mean = logs.reduce((sum, r) => sum + r, 0) / 4;
    const sd = Math.sqrt(logs.reduce((sum, r) => sum + (r - mean) ** 2, 0) / 3);
    expect(Number(rules[2]?.value)).toBeCloseTo(sd * Math.sqrt(252 * 6.5), 4);
  });

  it("looks at the days that the symbols have in common, and is unknown while these are too few", () => {
    const desk = Desk.open([historical]);
    bars(desk, [-3, 1, -5, 2, 1, 1], ["AAPL"]);
    bars(desk, [1, 1, 1], ["SPX"]);
    desk.quote("SPX", 200_000n, 200_000n);
    desk.fill({ symbol: "SPX", quantity: 100n, quantityScale: 2 }, 100n, 200_000n);
    expect(desk.ask({ quantity: 100n }).code).toBe("NO_VAR");
    bars(desk, [-3, 1, -5, 2]);
    expect(desk.ask({ key: "again", quantity: 100n }).type).toBe("permit.issued");
  });

  it("is zero for a book that is empty after the trade, whatever is known", () => {
    const desk = Desk.open([{ ...historical, scope: "symbol" }]);
    desk.fill({ quantity: 100n }, 100n, 10_000n);
    bars(desk, [1], ["AAPL"]);
    const verdict = desk.ask({ side: "SELL", quantity: 100n });
    // The corner where nothing is filled has a risk that nobody knows; but the order reduces.
    expect(verdict.rules[1]).toMatchObject({ value: "unknown", breached: false });
    expect(verdict.type).toBe("permit.issued");
  });

  it("is the sum of each symbol's own worst when more symbols have open orders than corners are tried", () => {
    const names = ["A", "B", "C", "D", "E", "F", "G"];
    const row = {
      currency: "USD",
      priceScale: 2,
      tick: "0.01",
      quantityScale: 0,
      lot: "1",
      halfSpread: "0",
      topSize: "9",
      feeBps: "0",
      tradingDaysPerYear: 252,
      tradingHoursPerDay: 24,
    };
    const instruments: ReadonlyMap<string, Instrument> = parseInstruments(names.map((symbol) => ({ ...row, symbol })));
    const desk = Desk.open([historical], { symbols: names }, { instruments });
    bars(desk, [-3, 1, -5, 2], names);
    for (const name of names) desk.quote(name, 10_000n, 10_000n);
    const values = names.map((symbol) =>
      measured(desk, { key: symbol, symbol, quantity: 100n, limit: 10_000n }, "var_historical"),
    );
    for (const [index, value] of values.entries()) expect(value).toBeCloseTo(0.003 * (index + 1), 6);
  });
});
