import { parseInstruments } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { unitsOf } from "./instrument-units.ts";

const row = {
  symbol: "ES",
  currency: "USD",
  priceScale: 2,
  tick: "0.25",
  quantityScale: 1,
  lot: "0.5",
  halfSpread: "0.50",
  topSize: "50",
  feePerUnit: "1.25",
  tradingDaysPerYear: 252,
  tradingHoursPerDay: 23,
};
const units = (change: object) => unitsOf(parseInstruments([{ ...row, ...change }]).get("ES")!);

describe("unitsOf", () => {
  it("gives the integers as numbers", () => {
    expect(units({})).toEqual({
      symbol: "ES",
      priceScale: 2,
      tickUnits: 25,
      quantityScale: 1,
      lotUnits: 5,
      halfSpreadUnits: 50,
      topSizeUnits: 500,
    });
  });

  it.each([
    [{ halfSpread: "0.10" }, "instrument ES: halfSpread 0.10 is not a positive multiple of 0.25"],
    [{ halfSpread: "0" }, "instrument ES: halfSpread 0.00 is not a positive multiple of 0.25"],
    [{ topSize: "0.1" }, "instrument ES: topSize 0.1 is not a positive multiple of 0.5"],
  ])("refuses %j: quotes made from bars stand on the grid", (change, text) => {
    expect(() => units(change)).toThrow(expect.objectContaining({ code: "BAD_INSTRUMENT" }));
    expect(() => units(change)).toThrow(text);
  });
});
