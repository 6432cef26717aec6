import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defaultInstrument, parseInstruments, periodsPerYear } from "./instrument.ts";

const row = {
  symbol: "ES",
  currency: "USD",
  priceScale: 2,
  tick: "0.25",
  quantityScale: 0,
  lot: "1",
  halfSpread: "0.25",
  topSize: "50",
  feePerUnit: "1.25",
  tradingDaysPerYear: 252,
  tradingHoursPerDay: 23,
};
const table = (change: object) => parseInstruments([{ ...row, ...change }]);

describe("parseInstruments", () => {
  it("reads decimals as units", () => {
    expect(table({}).get("ES")).toEqual({
      symbol: "ES",
      currency: "USD",
      priceScale: 2,
      tickUnits: 25,
      quantityScale: 0,
      lotUnits: 1,
      halfSpreadUnits: 25,
      topSizeUnits: 50,
      feePerUnit: "1.25",
      tradingDaysPerYear: 252,
      tradingHoursPerDay: 23,
      isDefault: false,
    });
  });

  it.each([
    [{ tick: "0.001" }],
    [{ tick: "0" }],
    [{ tick: 0.25 }],
    [{ halfSpread: "0.10" }],
    [{ topSize: "-5" }],
    [{ priceScale: 10 }],
    [{ currency: "" }],
    [{ feeBps: "1" }],
    [{ feePerUnit: "x" }],
    [{ feePerUnit: undefined }],
    [{ tradingDaysPerYear: 400 }],
  ])("refuses a row with %j", (change) => {
    expect(() => table(change)).toThrow(expect.objectContaining({ code: "BAD_INSTRUMENT" }));
  });

  it("refuses a symbol with two rows, and what is no list", () => {
    expect(() => parseInstruments([row, row])).toThrow(expect.objectContaining({ code: "BAD_INSTRUMENT" }));
    expect(() => parseInstruments(row)).toThrow(expect.objectContaining({ code: "BAD_INSTRUMENT" }));
  });

  it("reads the instruments of this repository", () => {
    const file = new URL("../../../../markets/instruments.json", import.meta.url);
    const instruments = parseInstruments(JSON.parse(readFileSync(file, "utf8")));
    expect([...instruments.keys()]).toEqual(expect.arrayContaining(["AAPL", "SPX", "XAUUSD", "EURUSD"]));
  });
});

describe("defaultInstrument", () => {
  it("is as docs/market-data.md states it", () => {
    expect(defaultInstrument("MSFT", 4, 2_500_000)).toMatchObject({
      currency: "USD",
      tickUnits: 1,
      quantityScale: 4,
      lotUnits: 1,
      halfSpreadUnits: 250,
      topSizeUnits: 4_000_000,
      feeBps: "1",
      isDefault: true,
    });
  });
});

describe("periodsPerYear", () => {
  it("is 252 for daily bars of a stock, and its trading minutes for minutes", () => {
    const stock = { ...defaultInstrument("X", 2, 100), tradingHoursPerDay: 6.5 };
    expect(periodsPerYear(stock, 86_400_000)).toBe(252);
    expect(periodsPerYear(stock, 60_000)).toBe(252 * 390);
    expect(periodsPerYear(stock, 7 * 86_400_000)).toBeCloseTo(52.18, 2);
  });
});
