import { defaultInstrument } from "@countersign/orders";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MarketEvent } from "./events.ts";
import { unitsOf } from "./instrument-units.ts";
import { readHeader } from "./table.ts";
import { TraceReader, type TraceReaderOptions } from "./trace-reader.ts";

const MINUTE_MS = 60_000;
const instrument = (symbol: string) =>
  unitsOf({ ...defaultInstrument(symbol, 2, 10_000n), halfSpread: 1n, topSize: 500n });
const instruments = new Map(["A", "B"].map((symbol) => [symbol, instrument(symbol)]));

function open(header: string, change: Partial<TraceReaderOptions> = {}): TraceReader {
  const table = readHeader(header, "f.csv");
  const symbol = table.columns.symbol < 0 ? "A" : undefined;
  return new TraceReader({
    file: "f.csv",
    table,
    symbol,
    instruments,
    barMs: MINUTE_MS,
    fromMs: Number.NEGATIVE_INFINITY,
    toMs: Number.POSITIVE_INFINITY,
    ...change,
  });
}

function read(text: string, change: Partial<TraceReaderOptions> = {}) {
  const reader = open(text.split(/\r?\n/)[0] as string, change);
  reader.push(Buffer.from(text));
  reader.end();
  return { events: reader.events, counts: reader.counts.get("A"), counted: reader.counts };
}

const failure =
  (text: string, change: Partial<TraceReaderOptions> = {}) =>
  () =>
    read(text, change);
const withCode = (code: string) => expect.objectContaining({ code });
const quotes = (...rows: readonly string[]) => ["time,bid,ask", ...rows].join("\n");
const t = 1_399_033_800_000;

describe("TraceReader on quotes", () => {
  it("makes exact units, with the sizes of the file or else those of the instrument", () => {
    expect(read(quotes(`${t},100.07,100.10`)).events).toEqual([
      { kind: "quote", symbol: "A", timeMs: t, bid: 10_007, ask: 10_010, bidSize: 500, askSize: 500 },
    ]);
    const sized = `time,bid,ask,bid_size,ask_size\n${t},100.07,100.10,1.5,\n`;
    expect(read(sized).events).toMatchObject([{ bidSize: 15_000, askSize: 500 }]);
  });

  it("rounds a price off the tick half-even, and counts it", () => {
    const { events, counts } = read(quotes(`${t},100.005,100.015`, `${t},100.00,100.02`));
    expect(events).toMatchObject([
      { bid: 10_000, ask: 10_002 },
      { bid: 10_000, ask: 10_002 },
    ]);
    expect(counts?.roundedPrices).toBe(2);
  });

  it("drops and counts, by reason, what is bad data; locked is accepted", () => {
    const normal = Array.from({ length: 60 }, (_, index) => `${t + index},100.00,100.02`);
    const { events, counts } = read(
      quotes(
        ...normal,
        `${t + 60},100.03,100.02`,
        `${t + 60},100.02,100.02`,
        `${t + 60},0,100.02`,
        `${t + 60},-1,100.02`,
        `${t + 60},,100.02`,
        `${t + 60},100.00,null`,
        `${t + 59},100.00,100.02`,
        `${t + 61},150.00,150.02`,
        `${t + 62},100.00,100.02`,
      ),
    );
    expect(counts).toEqual({
      accepted: 62,
      dropped: { empty: 2, notPositive: 2, crossed: 1, inconsistent: 0, stale: 1, outlier: 1 },
      roundedPrices: 0,
    });
    expect(events).toHaveLength(62);
    expect(events.at(60)).toMatchObject({ bid: 10_002, ask: 10_002 });
  });

  it("keeps file order at equal times", () => {
    const { events } = read(quotes(`${t},100.00,100.02`, `${t},100.01,100.02`, `${t},100.00,100.02`));
    expect(events.map((event) => event.kind === "quote" && event.bid)).toEqual([10_000, 10_001, 10_000]);
  });

  it("repeats MetaTrader's empty cells, and drops what comes before there is anything to repeat", () => {
    const header = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>";
    const rows = [
      "2014.05.02\t12:30:00.000\t\t100.02\t\t\t4",
      "2014.05.02\t12:30:00.001\t100.00\t\t\t\t2",
      "2014.05.02\t12:30:00.002\t\t100.01\t\t\t4",
    ];
    const { events, counts } = read([header, ...rows].join("\r\n"));
    expect(counts?.dropped.empty).toBe(1);
    expect(events).toMatchObject([
      { timeMs: t + 1, bid: 10_000, ask: 10_002 },
      { timeMs: t + 2, bid: 10_000, ask: 10_001 },
    ]);
  });

  it("gives only what lies in the time asked for, and knows when the rest cannot matter", () => {
    const rows = Array.from({ length: 300 }, (_, index) => `${t + index},100.00,100.02`);
    expect(read(quotes(...rows), { fromMs: t + 10, toMs: t + 20 }).events.map(({ timeMs }) => timeMs - t)).toEqual([
      10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
    ]);
    const reader = open("time,bid,ask", { toMs: t + 20 });
    reader.push(Buffer.from(quotes(...rows)));
    expect(reader.isDone).toBe(true);
    const strayClock = Array.from({ length: 300 }, (_, index) => `${t + (index % 2) * 1_000_000},100.00,100.02`);
    expect(read(quotes(...strayClock), { toMs: t + 20 }).events).toHaveLength(150);
  });
});

describe("TraceReader on trades", () => {
  it("reads price, size and side", () => {
    const { events, counts } = read(`ts_ms,price,size,side\n${t},100.01,0.5,SELL\n${t},100.02,2,\n${t},100.02,0,buy\n`);
    expect(events).toEqual([
      { kind: "trade", symbol: "A", timeMs: t, price: 10_001, size: 5_000, side: "sell" },
      { kind: "trade", symbol: "A", timeMs: t, price: 10_002, size: 20_000 },
    ]);
    expect(counts?.dropped.notPositive).toBe(1);
  });

  it("refuses a side that is none: an order book is no trace", () => {
    expect(failure(`ts_ms,side,price,size\n${t},bid,100.01,5\n`)).toThrow(withCode("BAD_ROW"));
  });
});

describe("TraceReader on bars", () => {
  const day = 86_400_000;
  const header = "time,symbol,open,high,low,close,volume";

  it("lets the quotes of two symbols interleave by time, then symbol, each bar right after its close quote", () => {
    const { events } = read(
      `${header}\n2014-05-02,B,10,11,9,10,5\n2014-05-02,A,10,11,9,10,6\n2014-05-03,A,10,11,9,10,7\n`,
      {
        barMs: day,
      },
    );
    const start = Date.UTC(2014, 4, 2);
    const seen = events.map(({ timeMs, symbol, kind }) => `${((timeMs - start) / day).toFixed(2)} ${symbol} ${kind}`);
    expect(seen).toEqual([
      "0.00 A quote",
      "0.00 B quote",
      "0.33 A quote",
      "0.33 B quote",
      "0.67 A quote",
      "0.67 B quote",
      "1.00 A quote",
      "1.00 A bar",
      "1.00 B quote",
      "1.00 B bar",
      "1.00 A quote",
      "1.33 A quote",
      "1.67 A quote",
      "2.00 A quote",
      "2.00 A bar",
    ]);
    expect(events[7]).toMatchObject({ openTimeMs: start, closeTimeMs: start + day, volume: 60_000 });
  });

  it("keeps time, then symbol, where a bar opens while another is under way", () => {
    const { events } = read(`${header}\n${t},B,10,11,9,10,5\n${t + 20_000},A,10,11,9,10,6\n`);
    expect(events.slice(0, 4).map(({ timeMs, symbol }) => `${timeMs - t} ${symbol}`)).toEqual([
      "0 B",
      "20000 A",
      "20000 B",
      "40000 A",
    ]);
  });

  it("drops Yahoo's null rows and its repeated last day, and says so", () => {
    const yahoo = "Date,Open,High,Low,Close,Adj Close,Volume";
    const rows = [
      "2014-05-01,10,11,9,10,8,5",
      "2014-05-02,null,null,null,null,null,null",
      "2014-05-05,10,11,9,10,8,5",
      "2014-05-05,10,11,9,10.5,8,6",
    ];
    const { counts, events } = read([yahoo, ...rows, ""].join("\n"), { barMs: day });
    expect(counts).toMatchObject({ accepted: 2, dropped: { empty: 1, stale: 1 } });
    expect(events).toHaveLength(10);
  });

  it("keeps a real gap: no bar is taken for an outlier", () => {
    const rows = Array.from({ length: 60 }, (_, index) => `${t + index * MINUTE_MS},10,10.01,9.99,10`);
    const { counts } = read(["time,open,high,low,close", ...rows, `${t + 60 * MINUTE_MS},8,8.1,7.9,8`].join("\n"));
    expect(counts?.accepted).toBe(61);
  });

  it("drops a bar that contradicts itself", () => {
    expect(read(`time,open,high,low,close\n${t},10,9,8,9\n`).counts?.dropped.inconsistent).toBe(1);
  });
});

describe("TraceReader refuses, naming file and line", () => {
  it.each([
    ["a number that is none", quotes(`${t},100,101`, `${t},NaN,101`), "BAD_NUMBER", 'f.csv:3: "NaN"'],
    ["a decimal comma", `time;bid;ask\n${t};100,5;101`, "BAD_NUMBER", 'f.csv:2: "100,5"'],
    ["a number beyond exactness", quotes(`${t},100,999999999999999999`), "BAD_NUMBER", "f.csv:2"],
    ["a row cut short", quotes(`${t},100,101`, `${t},100`), "BAD_ROW", "f.csv:3: 2 cells where the header has 3"],
    ["a row too wide", quotes(`${t},100,101,7`), "BAD_ROW", "f.csv:2: 4 cells"],
    ["a time of day alone", quotes("12:30:00,100,101"), "UNKNOWN_TIME", 'f.csv:2: "12:30:00"'],
    ["a month nobody can tell", quotes("05/02/2014,100,101"), "UNKNOWN_TIME", "05/02/2014"],
    [
      "a symbol that comes too late for a default",
      `time,symbol,bid,ask\n${t},A,1,2\n${t},C,1,2`,
      "UNKNOWN_SYMBOL",
      "f.csv:3: C",
    ],
  ])("%s", (_, text, code, words) => {
    expect(failure(text)).toThrow(withCode(code));
    expect(failure(text)).toThrow(words);
  });

  it("more than a hundred rows in a row that go backwards", () => {
    const later = Array.from({ length: 101 }, (_, index) => `${t - 200 + index},100,101`);
    expect(read(quotes(`${t},100,101`, ...later.slice(1))).counts?.dropped.stale).toBe(100);
    expect(failure(quotes(`${t},100,101`, ...later))).toThrow(withCode("TIME_NOT_ORDERED"));
    const nowAndThen = later.flatMap((row) => [row, `${t},100,101`]);
    expect(read(quotes(`${t},100,101`, ...nowAndThen)).counts?.dropped.stale).toBe(101);
  });

  it("a line without end", () => {
    const reader = open("time,bid,ask");
    expect(() => reader.push(Buffer.alloc(100_000, 55))).toThrow(withCode("NOT_A_TABLE"));
  });
});

describe("TraceReader in chunks", () => {
  const row = fc
    .tuple(
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom("A", "B"),
      fc.integer({ min: 9_990, max: 10_010 }),
      fc.boolean(),
    )
    .map(([step, symbol, price, isEmpty]) => ({ step, symbol, price: isEmpty ? "" : (price / 100).toFixed(2) }));

  it.each(["time,symbol,bid,ask", "time,symbol,open,high,low,close"])(
    "gives the same events of %s in chunks of any size",
    (header) => {
      const isBar = header.includes("open");
      fc.assert(
        fc.property(
          fc.array(row, { maxLength: 40 }),
          fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
          fc.constantFrom("\n", "\r\n"),
          fc.boolean(),
          (rows, sizes, newline, hasFinalNewline) => {
            let timeMs = t;
            const lines = rows.map(({ step, symbol, price }) => {
              timeMs += step * (isBar ? MINUTE_MS : 1);
              return [timeMs, symbol, ...Array(isBar ? 4 : 2).fill(price)].join(",");
            });
            const text = [`\ufeff${header}`, ...lines].join(newline) + (hasFinalNewline ? newline : "");
            const bytes = Buffer.from(text);
            const whole = read(text.slice(1));
            const reader = open(header);
            const events: MarketEvent[] = [];
            for (let from = 0, turn = 0; from < bytes.length; turn++) {
              const size = sizes[turn % sizes.length] as number;
              // A chunk of its own memory, wiped afterwards: the reader must not look back into it.
              const chunk = Buffer.from(bytes.subarray(from, from + size));
              reader.push(chunk);
              events.push(...reader.events.splice(0));
              from += size;
            }
            reader.end();
            events.push(...reader.events);
            expect(events).toEqual(whole.events);
            expect(reader.counts).toEqual(whole.counted);
            expect(events.map((event) => event.timeMs)).toEqual(
              events.map((event) => event.timeMs).sort((a, b) => a - b),
            );
          },
        ),
      );
    },
  );
});
