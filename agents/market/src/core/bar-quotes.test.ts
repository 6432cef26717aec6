import { defaultInstrument } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { badBar, eventsOfBar } from "./bar-quotes.ts";
import { unitsOf } from "./instrument-units.ts";

const instrument = unitsOf({ ...defaultInstrument("AAPL", 2, 10_000n), halfSpread: 2n, topSize: 500n });
const DAY_MS = 86_400_000;
const bar = (open: number, high: number, low: number, close: number) => ({
  symbol: "AAPL",
  openTimeMs: DAY_MS,
  closeTimeMs: 2 * DAY_MS,
  open,
  high,
  low,
  close,
  volume: 7,
});
const mids = (open: number, high: number, low: number, close: number) =>
  eventsOfBar(bar(open, high, low, close), instrument).flatMap((event) =>
    event.kind === "quote" ? [(event.bid + event.ask) / 2] : [],
  );

describe("eventsOfBar", () => {
  it("goes to the extreme nearer to the open first, to the low when they are as near", () => {
    expect(mids(100, 103, 90, 95)).toEqual([100, 103, 90, 95]);
    expect(mids(100, 120, 98, 110)).toEqual([100, 98, 120, 110]);
    expect(mids(100, 105, 95, 101)).toEqual([100, 95, 105, 101]);
  });

  it("stands at the open, a third, two thirds and the last millisecond, and the bar right after its close quote", () => {
    const events = eventsOfBar(bar(100, 103, 90, 95), instrument);
    const third = DAY_MS / 3;
    expect(events.map(({ timeMs }) => timeMs - DAY_MS)).toEqual([0, third, 2 * third, DAY_MS - 1, DAY_MS - 1]);
    expect(events.map(({ kind }) => kind)).toEqual(["quote", "quote", "quote", "quote", "bar"]);
    expect(events[0]).toEqual({
      kind: "quote",
      symbol: "AAPL",
      timeMs: DAY_MS,
      bid: 98,
      ask: 102,
      bidSize: 500,
      askSize: 500,
    });
    expect(events[4]).toEqual({ kind: "bar", timeMs: 2 * DAY_MS - 1, ...bar(100, 103, 90, 95) });
  });
});

describe("badBar", () => {
  it("refuses a bar whose high or low is not the extreme, and one that would be quoted at zero", () => {
    expect(badBar(bar(100, 103, 90, 95), instrument)).toBeUndefined();
    expect(badBar(bar(100, 99, 90, 95), instrument)).toBe("inconsistent");
    expect(badBar(bar(100, 103, 96, 95), instrument)).toBe("inconsistent");
    expect(badBar(bar(100, 103, 2, 95), instrument)).toBe("notPositive");
  });
});
