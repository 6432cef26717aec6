import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  defaultInstrument,
  parseInstruments,
  periodsPerYear,
  price,
  quantity,
  roundToLot,
  roundToTick,
} from "./index.ts";

const row = {
  symbol: "ETH-USD",
  currency: "USD",
  priceScale: 2,
  tick: "0.05",
  quantityScale: 4,
  lot: "0.001",
  moneyScale: 2,
  halfSpread: "0.10",
  topSize: "25",
  feeBps: "7.5",
  tradingDaysPerYear: 365,
  tradingHoursPerDay: 24,
  source: "a column of somebody else",
};

describe("parseInstruments", () => {
  it("reads decimals as integers of the instrument's own scales", () => {
    expect(parseInstruments([row]).get("ETH-USD")).toEqual({
      symbol: "ETH-USD",
      currency: "USD",
      priceScale: 2,
      tick: 5n,
      quantityScale: 4,
      lot: 10n,
      moneyScale: 2,
      halfSpread: 10n,
      topSize: 250000n,
      feeBps: { units: 7500000000n, scale: 9 },
      feePerUnit: { units: 0n, scale: 9 },
      tradingDaysPerYear: 365,
      tradingHoursPerDay: 24,
      isDefault: false,
    });
  });

  it("takes a fee per unit in place of one on the notional, or beside it, but not none", () => {
    const { feeBps: _, ...rest } = row;
    expect(parseInstruments([{ ...rest, feePerUnit: "0.005" }]).get("ETH-USD")).toMatchObject({
      feeBps: { units: 0n, scale: 9 },
      feePerUnit: { units: 5000000n, scale: 9 },
    });
    expect(() => parseInstruments([rest])).toThrow("instruments row 1, feeBps: nothing is not a decimal in quotes");
  });

  it.each<[string, string, unknown]>([
    ["symbol", "symbol", "__proto__"],
    ["currency", "currency", "usd"],
    ["priceScale", "priceScale", 10],
    ["priceScale", "priceScale", 1.5],
    ["tick", "tick", "0.001"],
    ["tick", "tick", "0"],
    ["tick", "tick", "1e-2"],
    ["tick", "tick", ".5"],
    ["tick", "tick", 0.05],
    ["lot", "lot", undefined],
    ["halfSpread", "halfSpread", "-0.01"],
    ["topSize", "topSize", null],
    ["topSize", "topSize", "900719925474.0992"],
    ["feeBps", "feeBps", ""],
    ["tradingDaysPerYear", "tradingDaysPerYear", "365"],
    ["tradingHoursPerDay", "tradingHoursPerDay", 25],
  ])("names row and field when %s is wrong", (name, field, value) => {
    const other = { ...row, symbol: "BTC-USD" };
    const parse = () => parseInstruments([other, { ...row, [field]: value }]);
    expect(parse).toThrow(expect.objectContaining({ code: "BAD_INSTRUMENT" }));
    expect(parse).toThrow(`instruments row 2, ${name}:`);
  });

  it("refuses a symbol that stands there twice, and a file that is no list of rows", () => {
    expect(() => parseInstruments([row, row])).toThrow("instruments row 2, symbol: ETH-USD stands there twice");
    expect(() => parseInstruments([row, { ...row, symbol: "eth-usd" }])).toThrow("row 2, symbol: ETH-USD");
    expect(() => parseInstruments({})).toThrow(expect.objectContaining({ code: "BAD_INSTRUMENT" }));
    expect(() => parseInstruments([null])).toThrow(expect.objectContaining({ code: "BAD_INSTRUMENT" }));
  });
});

it("names the value and the limit that it passes", () => {
  const parse = (change: object) => () => parseInstruments([{ ...row, ...change }]);
  expect(parse({ tick: "0.00" })).toThrow("instruments row 1, tick: 0.00 is less than 0.01");
  expect(parse({ topSize: "900719925474.0992" })).toThrow(
    "instruments row 1, topSize: 900719925474.0992 is more than 900719925474.0991",
  );
});

it("reads the instruments of this repository", () => {
  const file = new URL("../../../markets/instruments.json", import.meta.url);
  const instruments = parseInstruments(JSON.parse(readFileSync(file, "utf8")));
  expect([...instruments.keys()]).toEqual(expect.arrayContaining(["AAPL", "SPX", "XAUUSD", "EURUSD"]));
});

describe("defaultInstrument", () => {
  it("is as docs/market-data.md states it", () => {
    expect(defaultInstrument("MSFT", 4, 2_500_000n)).toEqual({
      symbol: "MSFT",
      currency: "USD",
      priceScale: 4,
      tick: 1n,
      quantityScale: 4,
      lot: 1n,
      moneyScale: 2,
      halfSpread: 250n,
      topSize: 4_000_000n,
      feeBps: { units: 1_000_000_000n, scale: 9 },
      feePerUnit: { units: 0n, scale: 9 },
      tradingDaysPerYear: 252,
      tradingHoursPerDay: 24,
      isDefault: true,
    });
  });

  it("has a spread and a size at any price", () => {
    expect(defaultInstrument("CHEAP", 9, 1n)).toMatchObject({ halfSpread: 1n, topSize: 9_007_199_254_740_991n });
    expect(defaultInstrument("DEAR", 0, 10n ** 15n)).toMatchObject({ halfSpread: 10n ** 11n, topSize: 1n });
    expect(() => defaultInstrument("X", 10, 1n)).toThrow(expect.objectContaining({ code: "BAD_SCALE" }));
  });
});

describe("periodsPerYear", () => {
  const DAY_MS = 86_400_000;
  const stock = { ...defaultInstrument("X", 2, 100n), tradingHoursPerDay: 6.5 };

  it("is 252 for daily bars of a stock, and its trading minutes for minutes", () => {
    expect(periodsPerYear(stock, DAY_MS)).toBe(252);
    expect(periodsPerYear(stock, 60_000)).toBe(252 * 390);
    expect(periodsPerYear(stock, 3_600_000)).toBe(252 * 6.5);
  });

  it("is 52.18 for weekly bars, whatever the trading days of a week", () => {
    const coin = { ...stock, tradingDaysPerYear: 365, tradingHoursPerDay: 24 };
    expect(periodsPerYear(stock, 7 * DAY_MS)).toBeCloseTo(52.18, 2);
    expect(periodsPerYear(coin, 7 * DAY_MS)).toBeCloseTo(52.18, 2);
  });
});

describe("steps", () => {
  const instrument = parseInstruments([row]).get("ETH-USD")!;

  it("rounds a price to the tick, once, also when the price is finer than the instrument", () => {
    expect(roundToTick(price(10003n, 2), instrument, "half-even")).toEqual(price(10005n, 2));
    expect(roundToTick(price(100024n, 3), instrument, "half-even")).toEqual(price(10000n, 2));
    expect(roundToTick(price(100025n, 3), instrument, "half-even")).toEqual(price(10000n, 2));
    expect(roundToTick(price(100n, 0), instrument, "ceil")).toEqual(price(10000n, 2));
  });

  it("rounds a quantity to whole lots", () => {
    expect(roundToLot(quantity(12345n, 4), instrument, "floor")).toEqual(quantity(12340n, 4));
    expect(roundToLot(quantity(9n, 4), instrument, "floor")).toEqual(quantity(0n, 4));
  });
});
