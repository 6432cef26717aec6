import { createHash } from "node:crypto";
import { parseInstruments } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import type { QuoteEvent } from "./events.ts";
import { type SimulationOptions, simulateDay } from "./simulate.ts";

const spot = {
  currency: "USD",
  quantityScale: 0,
  lot: "1",
  feeBps: "0",
  tradingDaysPerYear: 260,
  tradingHoursPerDay: 24,
};
const instruments = parseInstruments([
  { ...spot, symbol: "EURUSD", priceScale: 5, tick: "0.00001", halfSpread: "0.00006", topSize: "1000000" },
  { ...spot, symbol: "XAUUSD", priceScale: 3, tick: "0.001", halfSpread: "0.15", topSize: "1000" },
]);
const startMs = Date.UTC(2026, 0, 5);
const simulate = (change: Partial<SimulationOptions> = {}) => [
  ...simulateDay({ seed: 7n, startMs, instruments, quotesPerSymbol: 5_000, ...change }),
];
const digest = (events: unknown) => createHash("sha256").update(JSON.stringify(events)).digest("hex");
const day = simulate();
const quotesOf = (symbol: string) =>
  day.filter((event): event is QuoteEvent => event.kind === "quote" && event.symbol === symbol);
const returnsOf = (symbol: string) => {
  const mids = quotesOf(symbol).map(({ bid, ask }) => (bid + ask) / 2);
  return mids.slice(1).map((mid, index) => Math.log(mid / (mids[index] as number)));
};
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = (x: readonly number[], meanX: number, y: readonly number[], meanY: number) =>
    mean(x.map((value, index) => (value - meanX) * ((y[index] as number) - meanY)));
  return product(a, meanA, b, meanB) / Math.sqrt(product(a, meanA, a, meanA) * product(b, meanB, b, meanB));
}

describe("simulateDay", () => {
  it("gives the same day for the same seed, everywhere, and another for another", () => {
    expect(digest(simulate())).toBe(digest(day));
    expect(digest(day)).toBe("375d25a314096cf554bb3a283986882442b59ea16c863231b523d2e0348c935c");
    expect(digest(simulate({ seed: 8n }))).not.toBe(digest(day));
  });

  it("is a whole day in the order of time, on the tick, never crossed, with a bar for each minute that was quoted", () => {
    expect(quotesOf("XAUUSD")).toHaveLength(5_000);
    expect(quotesOf("EURUSD")).toHaveLength(5_000);
    for (const [index, event] of day.entries()) {
      expect(event.timeMs).toBeGreaterThanOrEqual(day[index - 1]?.timeMs ?? startMs);
      if (event.kind !== "quote") continue;
      expect(event.bid > 0 && event.bid < event.ask && event.bidSize > 0 && event.askSize > 0).toBe(true);
      for (const value of [event.bid, event.ask, event.bidSize, event.askSize])
        expect(Number.isSafeInteger(value)).toBe(true);
    }
    expect(day.at(-1)?.timeMs).toBeLessThan(startMs + 86_400_000);
    const minutes = new Set(quotesOf("EURUSD").map(({ timeMs }) => Math.floor(timeMs / 60_000)));
    expect(day.filter(({ kind, symbol }) => kind === "bar" && symbol === "EURUSD")).toHaveLength(minutes.size - 1);
  });

  it("moves as the model says: correlated, clustered, with two jumps", () => {
    const [gold, euro] = [returnsOf("XAUUSD"), returnsOf("EURUSD")];
    const jumps = gold.filter((value) => Math.abs(value) > 0.0085);
    expect(jumps).toHaveLength(2);
    const calm = gold
      .map((value, index) => [value, euro[index] as number] as const)
      .filter(([value]) => Math.abs(value) < 0.0085);
    const [calmGold, calmEuro] = [calm.map(([value]) => value), calm.map(([, value]) => value)];
    expect(correlation(calmGold, calmEuro)).toBeGreaterThan(0.5);
    expect(correlation(calmGold, calmEuro)).toBeLessThan(0.7);
    const sizes = calmGold.map((value) => value * value);
    expect(correlation(sizes.slice(1), sizes.slice(0, -1))).toBeGreaterThan(0.1);
  });

  it("refuses what makes no market", () => {
    expect(() => simulate({ quotesPerSymbol: 0 })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    expect(() => simulate({ correlation: 2 })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    const unknown = [{ symbol: "NOPE", price: "1", annualVolatility: 0.1 }];
    expect(() => simulate({ symbols: unknown })).toThrow(expect.objectContaining({ code: "UNKNOWN_SYMBOL" }));
    const worthless = [{ symbol: "XAUUSD", price: "0", annualVolatility: 0.1 }];
    expect(() => simulate({ symbols: worthless })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });
});
