/**
 * A feed of two venues that do not know of each other: every fifth quote is crossed, its bid above its ask. Whoever bought at such an ask
 * and sold at such a bid would be rich on paper. The market drops them, counted; not one record of the day names one, and no order
 * trades on one.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openTrace } from "@countersign/agent-market";
import { type Fill, type Quote, Side } from "@countersign/contracts";
import { parseInstruments } from "@countersign/orders";
import { cloneFile, loadLimits, loadStrategy, type RunResult, readRecord } from "@countersign/platform";
import { gaussian, Prng, uniform } from "@countersign/quant";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import instruments from "../markets/instruments.json" with { type: "json" };
import { auditBodies, runDayInMemory } from "./support/day.ts";

const seed = BigInt(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const MINUTES = 300;
const QUOTES_A_MINUTE = 20;
const START_MS = Date.parse("2014-05-08T06:00:00Z");

describe(`a crossed feed, SEED=${seed}`, () => {
  const feed = dirtyFeed(new Prng(seed));
  let dir = "";
  let day: Awaited<ReturnType<typeof tradeOn>>;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "countersign-crossed-"));
    const path = join(dir, "eurusd.csv.gz");
    writeFileSync(path, gzipSync(feed.csv));
    day = await tradeOn(path);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it("has a fifth of its quotes crossed, and all of them are dropped and counted, and nothing else", () => {
    const share = feed.crossedMs.size / (feed.crossedMs.size + feed.good);
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.25);
    const none = { empty: 0, notPositive: 0, inconsistent: 0, stale: 0, outlier: 0 };
    expect(day.counts).toEqual({
      accepted: feed.good,
      dropped: { ...none, crossed: feed.crossedMs.size },
      roundedPrices: 0,
    });
    expect(day.released).toBe(feed.good);
  });

  it("trades, and no order on a crossed quote", () => {
    expect(day.fills.length).toBeGreaterThan(20);
    for (const { quote, lastPx, side } of day.fills) {
      const met = day.quotesNamed.get(quote?.msgId ?? "");
      expect(met, `the quote ${quote?.msgId} of a fill`).toBeDefined();
      const { bidUnits = 0n, askUnits = 0n } = met ?? {};
      expect(bidUnits).toBeLessThanOrEqual(askUnits);
      expect(lastPx?.units).toBe(side === Side.BUY ? askUnits : bidUnits);
      // As it stands in the file.
      expect(feed.quotes.get(timeOf(quote?.msgId ?? ""))).toEqual([bidUnits, askUnits]);
    }
  });

  it("not one record names a crossed quote", () => {
    // An id begins with the time of what it names, and no two rows of the feed have the same.
    const named = day.bodies.flatMap((body) => body.match(UUID) ?? []);
    expect(named.filter((id) => feed.quotes.has(timeOf(id))).length).toBeGreaterThan(100);
    expect(named.filter((id) => feed.crossedMs.has(timeOf(id)))).toEqual([]);
    for (const [id, { bidUnits = 0n, askUnits = 0n }] of day.quotesNamed) {
      expect(bidUnits).toBeLessThanOrEqual(askUnits);
      expect(feed.crossedMs.has(timeOf(id))).toBe(false);
    }
  });
});

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;

async function tradeOn(path: string) {
  const trace = await openTrace([{ path, symbol: "EURUSD" }], { instruments: parseInstruments(instruments) });
  const busy = await loadStrategy(cloneFile("test/fixtures/strategies/busy.ts"));
  const fills: Fill[] = [];
  const config = {
    instruments: trace.instruments,
    traded: ["EURUSD"],
    hedgeSymbol: undefined,
    strategies: [busy],
    limits: loadLimits(cloneFile("limits/intraday.json")),
    fromMs: START_MS,
    events: trace.batches(),
  };
  const hooks = {
    onRecord({ body, payload }: { body: { type: string }; payload: object }) {
      if (body.type === "order.filled") fills.push(payload as Fill);
    },
  };
  const collect = async (result: RunResult) => ({
    fills,
    counts: trace.counts().get("EURUSD"),
    released: result.embedded.feed.counts.quote,
    bodies: (await auditBodies(result)).map((hex) => Buffer.from(hex, "hex").toString("latin1")),
    quotesNamed: new Map([...result.quotesNamed].map(([id, bytes]) => [id, readRecord(bytes)?.payload as Quote])),
  });
  return runDayInMemory({ from: "2014-05-08", to: "2014-05-08", config, hooks }, collect);
}

/**
 * Good quotes stand at even milliseconds, crossed ones at odd: all that the platform derives from a time adds a whole even number to it,
 * so that an id with an odd time can be nothing but a crossed quote's. By up to 3 pips, and now and then by 30, the other venue is behind.
 */
function dirtyFeed(prng: Prng) {
  const lines = ["ts_ms,bid,ask"];
  const quotes = new Map<number, readonly [bigint, bigint]>();
  const crossedMs = new Set<number>();
  let mid = 139_150;
  let last = START_MS;
  for (let n = 0; n < MINUTES * QUOTES_A_MINUTE; n++) {
    mid += Math.round(gaussian(prng) * 2);
    const even = START_MS + Math.round((n * 30_000) / QUOTES_A_MINUTE) * 2;
    last = Math.max(last + 2, even + 2 * Math.floor(uniform(prng) * 500));
    const isCrossed = uniform(prng) < 0.2;
    const gap = isCrossed
      ? -1 - Math.floor(uniform(prng) * (uniform(prng) < 0.1 ? 300 : 30))
      : Math.floor(uniform(prng) * 3);
    const bid = mid - Math.floor(gap / 2);
    const ask = bid + gap;
    const timeMs = isCrossed ? last + 1 : last;
    lines.push(`${timeMs},${pips(bid)},${pips(ask)}`);
    if (isCrossed) crossedMs.add(timeMs);
    else quotes.set(timeMs, [BigInt(bid), BigInt(ask)]);
  }
  return { csv: `${lines.join("\n")}\n`, quotes, crossedMs, good: quotes.size };
}

function pips(units: number): string {
  return `${Math.floor(units / 100_000)}.${String(units % 100_000).padStart(5, "0")}`;
}

/** Of a UUIDv7: its first 48 bits. */
function timeOf(msgId: string): number {
  return Number.parseInt(msgId.replace("-", "").slice(0, 12), 16);
}
