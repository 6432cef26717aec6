import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Mode, OrderIntentSchema, OrderType, PriceSchema, Side, TimeInForce } from "@countersign/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Order, orderFromIntent, price, quantity, sameOrder, signedQuantity } from "./index.ts";

type Fields = Exclude<MessageInitShape<typeof OrderIntentSchema>, { $typeName: string }>;

const limitBuy: Fields = {
  intentKey: "key-1",
  account: "main",
  venue: "paper",
  symbol: "AAPL",
  side: Side.BUY,
  quantity: { units: 10n, scale: 0 },
  type: OrderType.LIMIT,
  limitPrice: { units: 10000n, scale: 2 },
  bandLow: { units: 9900n, scale: 2 },
  bandHigh: { units: 10100n, scale: 2 },
  timeInForce: TimeInForce.GTC,
  reduceOnly: false,
  mode: Mode.PAPER,
  proposer: "portfolio",
  principal: "strategy:trend@abc",
  parent: "key-1",
};
const marketSell: Fields = {
  ...limitBuy,
  side: Side.SELL,
  type: OrderType.MARKET,
  limitPrice: undefined,
  timeInForce: TimeInForce.IOC,
};
const stopBuy: Fields = {
  ...limitBuy,
  type: OrderType.STOP,
  limitPrice: undefined,
  stopPrice: { units: 100n, scale: 0 },
};

const bytesOf = (fields: Fields): Uint8Array => toBinary(OrderIntentSchema, create(OrderIntentSchema, fields));
const refusal = (fields: Fields) => {
  const result = orderFromIntent(bytesOf(fields));
  return result.ok ? "made an order" : `${result.code}: ${result.text}`;
};
const orderOf = (fields: Fields): Order => {
  const result = orderFromIntent(bytesOf(fields));
  if (!result.ok) throw new Error(result.text);
  return result.order;
};

describe("orderFromIntent", () => {
  it("makes a limit order from the intent's fields, with an id from its key", () => {
    expect(orderOf(limitBuy)).toEqual({
      account: "main",
      venue: "paper",
      symbol: "AAPL",
      side: "BUY",
      quantity: quantity(10n, 0),
      type: "LIMIT",
      limitPrice: price(10000n, 2),
      stopPrice: undefined,
      bandLow: price(9900n, 2),
      bandHigh: price(10100n, 2),
      timeInForce: "GTC",
      reduceOnly: false,
      mode: "paper",
      proposer: "portfolio",
      principal: "strategy:trend@abc",
      parent: "key-1",
      intentKey: "key-1",
      // printf 'orderkey-1' | sha256sum | cut -c1-32
      clientOrderId: "5548634b48651f774dd7e21cf462a671",
    });
  });

  it("a market order becomes an IOC limit at the edge of its band", () => {
    const sell = orderOf(marketSell);
    expect([sell.type, sell.timeInForce, sell.limitPrice]).toEqual(["LIMIT", "IOC", price(9900n, 2)]);
    expect(orderOf({ ...marketSell, side: Side.BUY }).limitPrice).toEqual(price(10100n, 2));
  });

  it("a stop order keeps its trigger and is limited by the edge of its band", () => {
    const stop = orderOf(stopBuy);
    expect([stop.type, stop.stopPrice, stop.limitPrice]).toEqual(["STOP", price(100n, 0), price(10100n, 2)]);
  });

  const mandatory: (keyof Fields)[] = [
    "intentKey",
    "account",
    "venue",
    "symbol",
    "side",
    "quantity",
    "type",
    "limitPrice",
    "bandLow",
    "bandHigh",
    "timeInForce",
    "reduceOnly",
    "mode",
    "proposer",
    "principal",
    "parent",
  ];
  it.each(mandatory)("an intent without %s is refused", (field) => {
    expect(refusal({ ...limitBuy, [field]: undefined })).toBe(`MISSING: ${field} is missing or unknown`);
  });
  it.each(["intentKey", "account", "venue", "symbol", "proposer", "principal", "parent"])(
    "an empty %s is refused",
    (field) => {
      expect(refusal({ ...limitBuy, [field]: "" })).toBe(`MISSING: ${field} is missing or unknown`);
    },
  );
  it.each(["side", "type", "timeInForce", "mode"])("UNSPECIFIED and unknown values of %s are refused", (field) => {
    expect(refusal({ ...limitBuy, [field]: 0 })).toBe(`MISSING: ${field} is missing or unknown`);
    expect(refusal({ ...limitBuy, [field]: 9 })).toBe(`MISSING: ${field} is missing or unknown`);
  });

  it.each(["quantity", "limitPrice", "bandLow", "bandHigh"])("a %s of zero or less is refused", (field) => {
    expect(refusal({ ...limitBuy, [field]: { units: 0n, scale: 0 } })).toBe(`NOT_POSITIVE: ${field} is not positive`);
    expect(refusal({ ...limitBuy, [field]: { units: -1n, scale: 0 } })).toBe(`NOT_POSITIVE: ${field} is not positive`);
  });

  it.each<[string, Fields]>([
    ["BAND: bandLow is above bandHigh", { ...limitBuy, bandLow: { units: 10200n, scale: 2 } }],
    ["BAND: limitPrice is outside the band", { ...limitBuy, limitPrice: { units: 102n, scale: 0 } }],
    ["BAND: limitPrice is outside the band", { ...limitBuy, limitPrice: { units: 98999n, scale: 3 } }],
    ["BAND: stopPrice is outside the band", { ...stopBuy, stopPrice: { units: 102n, scale: 0 } }],
    ["MISSING: stopPrice is missing or unknown", { ...stopBuy, stopPrice: undefined }],
    ["MISSING: stopPrice is missing or unknown", { ...stopBuy, stopPrice: create(PriceSchema, { units: 5n }) }],
    ["UNEXPECTED: a LIMIT order has no stopPrice", { ...limitBuy, stopPrice: { units: 100n, scale: 0 } }],
    [
      "UNEXPECTED: a MARKET order has no limitPrice: its limit is the edge of its band",
      { ...marketSell, limitPrice: { units: 100n, scale: 0 } },
    ],
    ["UNEXPECTED: a MARKET order is IOC", { ...marketSell, timeInForce: TimeInForce.GTC }],
    ["UNEXPECTED: a STOP order is GTC: it rests until it is triggered", { ...stopBuy, timeInForce: TimeInForce.IOC }],
  ])("%s", (expected, fields) => {
    expect(refusal(fields)).toBe(expected);
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const result = orderFromIntent(bytes);
        expect(result.ok).toBe(false);
      }),
    );
  });

  it("refuses every cut of a good intent, and survives every flipped bit", () => {
    const good = bytesOf(limitBuy);
    for (let at = 0; at < good.length; at++) {
      expect(orderFromIntent(good.subarray(0, at)).ok, `cut at ${at}`).toBe(false);
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Uint8Array.from(good);
        flipped[at] = flipped[at]! ^ (1 << bit);
        const result = orderFromIntent(flipped);
        if (!result.ok) continue;
        const again = orderFromIntent(toBinary(OrderIntentSchema, result.intent));
        expect(again.ok && sameOrder(result.order, again.order), `flipped at ${at}`).toBeUndefined();
      }
    }
  });
});

describe("sameOrder", () => {
  const order = orderOf(stopBuy);
  const others: Order = {
    account: "other",
    venue: "other",
    symbol: "MSFT",
    side: "SELL",
    quantity: quantity(100n, 1),
    type: "LIMIT",
    limitPrice: price(101n, 0),
    stopPrice: undefined,
    bandLow: price(99n, 0),
    bandHigh: price(101n, 0),
    timeInForce: "IOC",
    reduceOnly: true,
    mode: "live",
    proposer: "hedger",
    principal: "alice",
    parent: "key-0",
    intentKey: "key-2",
    clientOrderId: "0",
  };

  it("an order is the same as itself made once more", () => {
    expect(sameOrder(order, orderOf(stopBuy))).toBeUndefined();
  });

  it.each(Object.keys(others) as (keyof Order)[])("names %s when it differs", (field) => {
    expect(sameOrder(order, { ...order, [field]: others[field] })).toBe(field);
    expect(sameOrder({ ...order, [field]: others[field] }, order)).toBe(field);
  });
});

it("1.0 and 1.00 are not the same order, as they are not the same bytes to a venue", () => {
  const order = orderOf(limitBuy);
  expect(sameOrder(order, { ...order, limitPrice: price(100000n, 3) })).toBe("limitPrice");
  expect(sameOrder(order, { ...order, quantity: quantity(10n, 1) })).toBe("quantity");
});

it("signedQuantity is negative for a sell", () => {
  expect(signedQuantity(orderOf(limitBuy))).toEqual(quantity(10n, 0));
  expect(signedQuantity(orderOf(marketSell))).toEqual(quantity(-10n, 0));
});
