import { fromBinary } from "@bufbuild/protobuf";
import { BarSchema, QuoteSchema, Side, TradeSchema, topicSpec } from "@countersign/contracts";
import { isUuidV7 } from "@countersign/envelope";
import { defaultInstrument } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { BodyMaker } from "./bodies.ts";
import type { BarEvent, MarketEvent, QuoteEvent, TradeEvent } from "./events.ts";

const instruments = new Map(
  ["XAUUSD", "EURUSD"].map((symbol) => [symbol, { ...defaultInstrument(symbol, 3, 1_284_065n), quantityScale: 2 }]),
);
const timeMs = Date.UTC(2014, 4, 2, 12, 30);
const quote: QuoteEvent = {
  kind: "quote",
  symbol: "XAUUSD",
  timeMs,
  bid: 1_284_065,
  ask: 1_284_405,
  bidSize: 700,
  askSize: 900,
};
const trade: TradeEvent = { kind: "trade", symbol: "XAUUSD", timeMs, price: 1_284_100, size: 50, side: "sell" };
const bar: BarEvent = {
  kind: "bar",
  symbol: "XAUUSD",
  timeMs,
  openTimeMs: timeMs - 60_000,
  closeTimeMs: timeMs,
  open: 2,
  high: 4,
  low: 1,
  close: 3,
  volume: 5,
};
const make = (...events: readonly MarketEvent[]) => {
  const maker = new BodyMaker(instruments);
  return events.map((event) => maker.make(event));
};

describe("BodyMaker", () => {
  it("states what happened, when it happened: a root that follows from nothing and never goes stale", () => {
    const [body] = make(quote);
    expect(body).toMatchObject({
      type: "market.quote",
      version: "v1",
      causationId: "",
      sentAtMs: BigInt(timeMs),
      ttlMs: 0,
      sender: "market",
      intent: "QUOTE",
      idempotencyKey: "",
      topic: "market.quotes.v1",
      key: "XAUUSD",
      seq: 1n,
    });
    expect(body?.correlationId).toBe(body?.msgId);
    expect(body?.prev).toBeUndefined();
  });

  it("carries a quote, a trade and a bar in the instrument's scales, on the topics that know their types", () => {
    const [quoted, traded, barred] = make(quote, trade, bar);
    expect(fromBinary(QuoteSchema, quoted!.payload)).toMatchObject({
      symbol: "XAUUSD",
      bidUnits: 1_284_065n,
      askUnits: 1_284_405n,
      priceScale: 3,
      bidSizeUnits: 700n,
      askSizeUnits: 900n,
      quantityScale: 2,
      eventTimeMs: BigInt(timeMs),
    });
    expect(fromBinary(TradeSchema, traded!.payload)).toMatchObject({
      symbol: "XAUUSD",
      priceUnits: 1_284_100n,
      priceScale: 3,
      sizeUnits: 50n,
      quantityScale: 2,
      side: Side.SELL,
      eventTimeMs: BigInt(timeMs),
    });
    expect(fromBinary(BarSchema, barred!.payload)).toMatchObject({
      symbol: "XAUUSD",
      openTimeMs: BigInt(timeMs - 60_000),
      closeTimeMs: BigInt(timeMs),
      openUnits: 2n,
      highUnits: 4n,
      lowUnits: 1n,
      closeUnits: 3n,
      priceScale: 3,
      volumeUnits: 5n,
      quantityScale: 2,
    });
    for (const body of [quoted!, traded!, barred!])
      expect(topicSpec(body.topic)?.types.map(({ type }) => type)).toContain(body.type);
  });

  it("leaves a trade's side unset where the source does not say it", () => {
    const { side: _, ...silent } = trade;
    const [said, unsaid] = make({ ...trade, side: "buy" }, silent).map(({ payload }) =>
      fromBinary(TradeSchema, payload),
    );
    expect(said?.side).toBe(Side.BUY);
    expect(unsaid?.side).toBeUndefined();
  });

  it("counts seq from 1 for each topic and symbol", () => {
    const euro = { ...quote, symbol: "EURUSD" };
    const seqs = make(quote, quote, euro, trade, bar, quote, euro).map(
      ({ topic, key, seq }) => `${topic} ${key} ${seq}`,
    );
    expect(seqs).toEqual([
      "market.quotes.v1 XAUUSD 1",
      "market.quotes.v1 XAUUSD 2",
      "market.quotes.v1 EURUSD 1",
      "market.trades.v1 XAUUSD 1",
      "market.bars.v1 XAUUSD 1",
      "market.quotes.v1 XAUUSD 3",
      "market.quotes.v1 EURUSD 2",
    ]);
  });

  it("gives each message a UUIDv7 of its event's time, also to two quotes that are alike", () => {
    const ids = make(quote, quote, { ...quote, symbol: "EURUSD" }, trade, bar).map(({ msgId }) => msgId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) {
      expect(isUuidV7(id)).toBe(true);
      expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(timeMs);
    }
  });

  it("stops at a symbol without an instrument: nobody could read its integers", () => {
    expect(() => make({ ...quote, symbol: "ZZZ" })).toThrow("no instrument for ZZZ");
  });
});
