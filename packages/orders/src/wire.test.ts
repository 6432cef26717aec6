import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { MoneySchema, PriceSchema, Side } from "@countersign/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  modes,
  money,
  moneyFromWire,
  moneyToWire,
  orderStatuses,
  price,
  priceFromWire,
  priceToWire,
  quantity,
  quantityFromWire,
  quantityToWire,
  sides,
} from "./index.ts";

const units = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const scales = fc.integer({ min: 0, max: 9 });

describe("values on the wire", () => {
  it("come back as they went, through the bytes", () => {
    fc.assert(
      fc.property(units, scales, (u, s) => {
        const bytes = toBinary(PriceSchema, priceToWire(price(u, s)));
        expect(priceFromWire(fromBinary(PriceSchema, bytes))).toEqual(price(u, s));
        expect(quantityFromWire(quantityToWire(quantity(u, s)))).toEqual(quantity(u, s));
        expect(moneyFromWire(moneyToWire(money(u, s, "USD")))).toEqual(money(u, s, "USD"));
      }),
    );
  });

  it("are undefined when unset or half set, and never zero", () => {
    expect(priceFromWire(undefined)).toBeUndefined();
    expect(priceFromWire(create(PriceSchema, {}))).toBeUndefined();
    expect(priceFromWire(create(PriceSchema, { units: 1n }))).toBeUndefined();
    expect(priceFromWire(create(PriceSchema, { scale: 1 }))).toBeUndefined();
    expect(priceFromWire(create(PriceSchema, { units: 1n, scale: 10 }))).toBeUndefined();
    expect(moneyFromWire(create(MoneySchema, { units: 1n, scale: 2 }))).toBeUndefined();
    expect(moneyFromWire(create(MoneySchema, { units: 1n, scale: 2, currency: "" }))).toBeUndefined();
    expect(priceFromWire(create(PriceSchema, { units: 0n, scale: 0 }))).toEqual(price(0n, 0));
  });

  it("do not leave with more than 64 bits", () => {
    expect(() => priceToWire(price(2n ** 63n, 0))).toThrow(expect.objectContaining({ code: "OUT_OF_RANGE" }));
  });
});

describe("words on the wire", () => {
  it("UNSPECIFIED, unset and unknown numbers have no word", () => {
    expect(sides.fromWire(Side.BUY)).toBe("BUY");
    expect(sides.toWire("SELL")).toBe(Side.SELL);
    expect(sides.fromWire(Side.UNSPECIFIED)).toBeUndefined();
    expect(sides.fromWire(undefined)).toBeUndefined();
    expect(sides.fromWire(7 as Side)).toBeUndefined();
  });

  it.each(["replay", "paper", "shadow", "live"] as const)("mode %s comes back", (mode) => {
    expect(modes.fromWire(modes.toWire(mode))).toBe(mode);
  });

  it.each([
    "PENDING_NEW",
    "NEW",
    "PARTIALLY_FILLED",
    "FILLED",
    "PENDING_CANCEL",
    "CANCELED",
    "EXPIRED",
    "REJECTED",
    "NOT_SENT",
  ] as const)("status %s comes back", (status) => {
    expect(orderStatuses.fromWire(orderStatuses.toWire(status))).toBe(status);
  });
});
