import { describe, expect, it } from "vitest";
import { MarketError } from "./error.ts";
import { readHeader } from "./table.ts";

const refusal = (line: string) => {
  try {
    readHeader(line, "f.csv");
  } catch (error) {
    if (error instanceof MarketError) return { code: error.code, message: error.message };
    throw error;
  }
  return undefined;
};

describe("readHeader", () => {
  it("knows a Yahoo download, and leaves the adjusted close alone", () => {
    const { kind, width, columns } = readHeader("Date,Open,High,Low,Close,Adj Close,Volume", "f.csv");
    expect({ kind, width }).toEqual({ kind: "bar", width: 7 });
    expect(columns).toMatchObject({ time: 0, clock: -1, symbol: -1, open: 1, high: 2, low: 3, close: 4, volume: 6 });
  });

  it("knows MetaTrader's bars and ticks, parted by tabs, with date and time apart", () => {
    const bars = readHeader("<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>", "f.csv");
    expect(bars).toMatchObject({ kind: "bar", delimiter: 9, columns: { time: 0, clock: 1, open: 2, volume: 6 } });
    const ticks = readHeader("<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>", "f.csv");
    expect(ticks).toMatchObject({ kind: "quote", repeatsEmpty: true, columns: { bid: 2, ask: 3, bidSize: -1 } });
  });

  it("takes names in any case and order, with blanks and semicolons", () => {
    const table = readHeader(' ASK ; "Bid" ; Time ; Ask_Size', "f.csv");
    expect(table).toMatchObject({
      kind: "quote",
      delimiter: 59,
      columns: { time: 2, bid: 1, ask: 0, askSize: 3, bidSize: -1 },
    });
  });

  it("does not stumble over a byte order mark", () => {
    expect(readHeader("\ufeffTime,Bid,Ask", "f.csv").columns.time).toBe(0);
  });

  it("takes bars before quotes where a file has both", () => {
    expect(readHeader("ts_ms,open,high,low,close,volume,bid,ask", "f.csv").kind).toBe("bar");
  });

  it("knows trades", () => {
    const { kind, columns } = readHeader("ts_ms,price,size,side,trade_id", "f.csv");
    expect(kind).toBe("trade");
    expect(columns).toMatchObject({ price: 1, size: 2, side: 3 });
  });

  it("refuses a text that names no column", () => {
    expect(refusal("# Notes about the market")).toMatchObject({ code: "NOT_A_TABLE" });
    expect(refusal("20140502 000000;1.38;1.39;1.37;1.38;0")).toMatchObject({ code: "NOT_A_TABLE" });
    expect(refusal("\u0000\u0001\u0002")?.message).toContain("not text");
  });

  it.each([
    ["time,bid", "ask"],
    ["bid,ask", "time"],
    ["date,open,high,low", "close"],
    ["time,price", "size"],
    ["ts_ms,series,value", "price"],
  ])("says what %s lacks, and what it has", (line, missing) => {
    const answer = refusal(line);
    expect(answer?.code).toBe("MISSING_COLUMN");
    expect(answer?.message).toContain(`no column "${missing}"`);
    expect(answer?.message).toContain(`found ${line.replaceAll(",", ", ")}`);
  });
});
