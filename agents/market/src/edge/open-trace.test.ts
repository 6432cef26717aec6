import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parseInstruments } from "@countersign/orders";
import { afterAll, describe, expect, it } from "vitest";
import type { MarketEvent } from "../core/events.ts";
import { openTrace, type Trace, type TraceOptions } from "./open-trace.ts";

const markets = new URL("../../../../markets/", import.meta.url);
const instruments = parseInstruments(JSON.parse(readFileSync(new URL("instruments.json", markets), "utf8")));
const folder = mkdtempSync(join(tmpdir(), "trace-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const open = (paths: readonly string[], options: Partial<TraceOptions> = {}) =>
  openTrace(
    paths.map((path) => ({ path })),
    { instruments, ...options },
  );

async function eventsOf(trace: Trace): Promise<MarketEvent[]> {
  const events: MarketEvent[] = [];
  for await (const batch of trace.batches()) events.push(...batch);
  return events;
}

const all = async (paths: readonly string[], options: Partial<TraceOptions> = {}) =>
  eventsOf(await open(paths, options));
const code = (value: string) => expect.objectContaining({ code: value });
const t = 1_399_033_800_000;
const gold = (count: number, stepMs: number) =>
  ["ts_ms,bid,ask", ...Array.from({ length: count }, (_, index) => `${t + index * stepMs},1284.065,1284.405`), ""].join(
    "\n",
  );
const euro = (count: number, stepMs: number) =>
  [
    "time,bid,ask",
    ...Array.from({ length: count }, (_, index) => `${new Date(t + index * stepMs).toISOString()},1.38694,1.38705`),
  ].join("\n");

describe("openTrace", () => {
  it("merges files by time, then by their order, and puts each minute's bar before the quote that closes it", async () => {
    const paths = [file("xauusd.csv.gz", gzipSync(gold(5, 30_000))), file("ticks_eurusd.csv", euro(3, 60_000))];
    const events = await all(paths);
    expect(events.map(({ kind, symbol, timeMs }) => `${(timeMs - t) / 1000} ${symbol} ${kind}`)).toEqual([
      "0 XAUUSD quote",
      "0 EURUSD quote",
      "30 XAUUSD quote",
      "60 XAUUSD bar",
      "60 XAUUSD quote",
      "60 EURUSD bar",
      "60 EURUSD quote",
      "90 XAUUSD quote",
      "120 XAUUSD bar",
      "120 XAUUSD quote",
      "120 EURUSD bar",
      "120 EURUSD quote",
    ]);
    expect(events[0]).toMatchObject({ bid: 1_284_065, ask: 1_284_405 });
  });

  it("builds bars of the length asked for", async () => {
    const events = await all([file("xauusd.csv", gold(7, 60_000))], { builtBarSeconds: 180 });
    expect(events.filter(({ kind }) => kind === "bar")).toMatchObject([
      { openTimeMs: t, closeTimeMs: t + 180_000 },
      { openTimeMs: t + 180_000, closeTimeMs: t + 360_000 },
    ]);
  });

  it("knows gzip by its bytes and not by its name, and names the digest of the bytes on disk", async () => {
    const packed = gzipSync(gold(3, 1000));
    const misnamed = file("xauusd.csv", packed);
    const trace = await open([misnamed]);
    expect(trace.files).toEqual([
      {
        path: misnamed,
        sha256: createHash("sha256").update(packed).digest("hex"),
        sizeBytes: packed.length,
        kind: "quote",
        symbols: ["XAUUSD"],
      },
    ]);
    expect(await eventsOf(trace)).toEqual(await all([file("xauusd.csv.gz", gold(3, 1000))]));
  });

  it("hands a large file over in parts, as they are asked for", async () => {
    const path = file("xauusd.csv.gz", gzipSync(gold(50_000, 1000)));
    expect((await all([path])).filter(({ kind }) => kind === "quote")).toHaveLength(50_000);
    for await (const batch of (await open([path])).batches()) {
      expect(batch.length).toBeGreaterThan(0);
      expect(batch.length).toBeLessThan(50_000);
      break;
    }
  });

  it("takes the symbol from the user before the file's name, and a symbol column before both", async () => {
    const path = file("xauusd.csv", gold(1, 1));
    const named = await openTrace([{ path, symbol: "btcusd" }], { instruments });
    expect(named.files[0]?.symbols).toEqual(["BTCUSD"]);
    const column = file("xauusd2.csv", `time,symbol,bid,ask\n${t},eurusd,1.38,1.39\n`);
    expect((await openTrace([{ path: column, symbol: "BTCUSD" }], { instruments })).files[0]?.symbols).toEqual([
      "EURUSD",
    ]);
  });

  it("makes a default instrument from what the file shows, only where that is allowed, and says so", async () => {
    const path = file(
      "MSFT.csv",
      "Date,Open,High,Low,Close,Adj Close,Volume\n2018-05-10,97.4600,97.95,97.0375,97.91,96.1,22388100\n",
    );
    await expect(open([path])).rejects.toThrow(code("UNKNOWN_SYMBOL"));
    const trace = await open([path], { allowDefaultInstruments: true });
    expect(trace.instruments.get("MSFT")).toMatchObject({ priceScale: 4, halfSpread: 97n, isDefault: true });
    expect(await eventsOf(trace)).toHaveLength(5);
    expect(trace.report()).toEqual([
      "MSFT: 1 accepted, 0 dropped",
      "MSFT: no row in instruments.json; taken as US dollars with 4 price decimals (docs/market-data.md)",
    ]);
  });

  it("reads the recorded market of this repository, two symbols, bar by bar, and the gap of 24 August 2015", async () => {
    const trace = await open([new URL("aapl-spx-1d.csv.gz", markets).pathname]);
    const events = await eventsOf(trace);
    expect(events).toHaveLength(2 * 1260 * 5);
    expect(trace.report()).toEqual(["AAPL: 1,260 accepted, 0 dropped", "SPX: 1,260 accepted, 0 dropped"]);
    expect(events.slice(0, 2)).toMatchObject([
      { symbol: "AAPL", bid: 6_449, ask: 6_451, bidSize: 5_000 },
      { symbol: "SPX", bid: 163_185, ask: 163_235 },
    ]);
    const monday = Date.UTC(2015, 7, 24);
    expect(events.find(({ timeMs, symbol }) => timeMs === monday && symbol === "AAPL")).toMatchObject({ bid: 9_486 });
  });
});

describe("openTrace refuses", () => {
  const packed = gzipSync(gold(5_000, 1000));
  const damaged = Buffer.from(packed);
  damaged[packed.length - 6] = 255 - (damaged[packed.length - 6] as number);

  it.each<[string, () => string, string, Partial<TraceOptions>?]>([
    ["no such file", () => join(folder, "absent.csv"), "NO_SUCH_FILE"],
    ["a folder", () => folder, "NO_SUCH_FILE"],
    ["an empty file", () => file("xauusd.csv", ""), "EMPTY"],
    ["a header alone", () => file("xauusd.csv", "time,bid,ask\n"), "EMPTY"],
    ["a text", () => file("xauusd.csv", "To whom it may concern\nprices have risen.\n"), "NOT_A_TABLE"],
    ["a zip archive", () => file("xauusd.csv", Buffer.from("PK\u0003\u0004rest")), "NOT_A_TABLE"],
    ["UTF-16", () => file("xauusd.csv", Buffer.from("\ufefftime,bid,ask", "utf16le")), "NOT_A_TABLE"],
    ["a missing column", () => file("xauusd.csv", "time,bid\n1,2\n"), "MISSING_COLUMN"],
    ["a name that says nothing", () => file("data.csv", gold(1, 1)), "NO_SYMBOL"],
    ["a symbol without a row", () => file("ZZZ.csv", gold(1, 1)), "UNKNOWN_SYMBOL"],
    ["rows newest first", () => file("xauusd.csv", gold(50, -1000)), "TIME_NOT_ORDERED"],
    [
      "rows by symbol, then time",
      () =>
        file(
          "x.csv",
          `time,symbol,bid,ask\n${["XAUUSD", "EURUSD"].map((s) => `1,${s},1,2\n2,${s},1,2\n3,${s},1,2`).join("\n")}`,
        ),
      "TIME_NOT_ORDERED",
    ],
    ["not a number", () => file("xauusd.csv", `time,bid,ask\n${t},1284,1285\n${t},NaN,1285\n`), "BAD_NUMBER"],
    ["gzip that stops early", () => file("xauusd.csv.gz", packed.subarray(0, -200)), "TRUNCATED_GZIP"],
    ["gzip with a wrong checksum", () => file("xauusd.csv.gz", damaged), "DAMAGED_GZIP"],
    ["a time in which there is nothing", () => file("xauusd.csv", gold(3, 1)), "EMPTY", { fromMs: t + 1_000_000 }],
    ["a bar of no length", () => file("xauusd.csv", gold(3, 1)), "BAD_OPTION", { builtBarSeconds: 0 }],
    ["a time that ends before it begins", () => file("xauusd.csv", gold(3, 1)), "BAD_OPTION", { fromMs: t, toMs: t }],
  ])("%s", async (_, path, expected, options = {}) => {
    const name = path();
    const reading = all([name], options);
    await expect(reading).rejects.toThrow(code(expected));
    await expect(reading).rejects.toThrow(/^[^\n]+: [^\n]+\. [^\n]+$/);
  });

  it("no file at all", async () => {
    await expect(open([])).rejects.toThrow(code("BAD_OPTION"));
  });
});
