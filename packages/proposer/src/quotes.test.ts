import { decodeJson, encodeJson } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Quotes } from "./quotes.ts";
import { bar, quote } from "./testing.ts";

describe("Quotes", () => {
  it("names the last one as evidence", () => {
    const quotes = new Quotes();
    quotes.fold(quote("AAPL", 9_999n, 10_001n, 1));
    quotes.fold(quote("AAPL", 9_998n, 10_000n, 2));
    expect(quotes.last("AAPL")).toMatchObject({
      bid: { units: 9_998n, scale: 2 },
      ask: { units: 10_000n, scale: 2 },
      ref: { symbol: "AAPL", msgId: "AAPL quote 2", seq: 2n, digest: new Uint8Array(32).fill(2) },
    });
  });

  it.each([
    ["no bid", undefined, 10_000n],
    ["no ask", 9_999n, undefined],
    ["a bid of zero", 0n, 10_000n],
    ["a negative bid", -1n, 10_000n],
    ["its bid above its ask", 10_001n, 10_000n],
  ])("after a quote with %s there is no price, not even the one before", (_, bid, ask) => {
    const quotes = new Quotes();
    quotes.fold(quote("AAPL", 9_999n, 10_000n));
    quotes.fold(quote("AAPL", bid, ask));
    expect(quotes.last("AAPL")).toBeUndefined();
    quotes.fold(quote("AAPL", 10_000n, 10_000n));
    expect(quotes.last("AAPL")).toBeDefined();
  });

  it("knows no price of what nobody quotes, and learns none from bars", () => {
    const quotes = new Quotes();
    quotes.fold(bar("AAPL", 10_000n, 1));
    expect(quotes.last("AAPL")).toBeUndefined();
  });

  it("is the same after the store has had it", () => {
    const quotes = new Quotes();
    quotes.fold(quote("AAPL", 9_999n, 10_000n, 7));
    const restored = Quotes.restore(decodeJson(encodeJson(quotes.snapshot())));
    expect(restored.last("AAPL")).toEqual(quotes.last("AAPL"));
    expect(restored.snapshot()).toEqual(quotes.snapshot());
  });
});
