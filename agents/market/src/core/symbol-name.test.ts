import { describe, expect, it } from "vitest";
import { symbolOfFile } from "./symbol-name.ts";

const known = new Set(["XAUUSD", "EURUSD", "BTCUSD", "AAPL"]);

describe("symbolOfFile", () => {
  it.each([
    ["/data/ticks_xauusd_oanda_20140502.csv.gz", "XAUUSD"],
    ["EURUSD_M1_202001020000_202012312358.csv", "EURUSD"],
    ["C:\\files\\aapl.csv", "AAPL"],
    ["BTC-USD.csv", "BTCUSD"],
    ["MSFT.csv", "MSFT"],
    ["^GSPC.csv", "^GSPC"],
    ["BRK-B.csv", "BRK-B"],
  ])("finds in %s the symbol %s", (path, symbol) => {
    expect(symbolOfFile(path, known)).toBe(symbol);
  });

  it.each(["data.csv", "my prices.csv", "20140502.csv", "export_1.csv.gz"])("guesses nothing from %s", (path) => {
    expect(() => symbolOfFile(path, known)).toThrow(expect.objectContaining({ code: "NO_SYMBOL" }));
    expect(() => symbolOfFile(path, known)).toThrow(`SYMBOL=${path}`);
  });
});
