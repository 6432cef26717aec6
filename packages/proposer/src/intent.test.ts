import { fromBinary } from "@bufbuild/protobuf";
import { OrderIntentSchema } from "@countersign/contracts";
import { orderFromIntent, parsePrice, quantity } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { type Wish, writeIntent } from "./intent.ts";
import { desk, START_MS } from "./testing.ts";

const wish: Wish = {
  symbol: "AAPL",
  side: "BUY",
  quantity: quantity(10n, 0),
  band: { low: parsePrice("99.00"), high: parsePrice("101.00") },
  reduceOnly: false,
  proposer: "portfolio",
  principal: "strategy:trend@1",
  signalId: "s1",
  leg: "target",
  attempt: 0,
  confidence: 0.6,
  expectedReturn: 0.01,
  features: { weight: 0.5 },
  explanation: "it rises",
  quotes: [],
  decidedAtMs: START_MS,
};
const keyOf = (change: Partial<Wish>, account = "main") =>
  fromBinary(OrderIntentSchema, writeIntent({ ...desk, account }, { ...wish, ...change })).intentKey;

describe("writeIntent", () => {
  it("makes bytes that are an order: an IOC limit at the edge of its band", () => {
    const made = orderFromIntent(writeIntent(desk, wish));
    expect(made).toMatchObject({
      ok: true,
      order: { account: "main", venue: "paper", mode: "replay", timeInForce: "IOC", limitPrice: parsePrice("101.00") },
      intent: { confidence: 0.6, explanation: "it rises", features: [{ name: "weight", value: 0.5 }] },
    });
    expect(made.ok && made.order.parent).toBe(made.ok && made.order.intentKey);
  });

  it("the same wish is the same bytes", () => {
    expect(writeIntent(desk, { ...wish })).toEqual(writeIntent(desk, wish));
  });

  it("each part of the key makes another intent, what was decided about it none", () => {
    const others = [
      keyOf({ principal: "strategy:trend@2" }),
      keyOf({ symbol: "MSFT" }),
      keyOf({ signalId: "s2" }),
      keyOf({ leg: "hedge" }),
      keyOf({ attempt: 1 }),
      keyOf({}, "other"),
    ];
    expect(new Set([keyOf({}), ...others]).size).toBe(7);
    expect(keyOf({ quantity: quantity(11n, 0), explanation: "other", decidedAtMs: 0 })).toBe(keyOf({}));
  });
});
