import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FillSchema, MarkSchema, type Fill as PbFill, QuoteRefSchema, Side } from "@countersign/contracts";
import { price, quantity } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { emptyBook, fillFromWire, markFromWire, marksOf, markToWire, type Position } from "./index.ts";

const ref = create(QuoteRefSchema, { symbol: "L", msgId: "q1", seq: 7n, digest: new Uint8Array([1]) });
const position = (symbol: string, units: bigint): Position => ({
  symbol,
  quantity: quantity(units, 0),
  cost: 0n,
  lots: [],
  lastFillPrice: price(55n, 0),
});

describe("marks", () => {
  const book = { ...emptyBook(), positions: { S: position("S", -1n), L: position("L", 1n), U: position("U", 1n) } };
  const quote = { bid: price(99n, 0), ask: price(101n, 0), ref };
  const marks = marksOf(book, (symbol) => (symbol === "U" ? undefined : quote));

  it("are the bid of a long, the ask of a short, else the last fill's price, and say which", () => {
    expect(marks).toEqual([
      { symbol: "L", price: price(99n, 0), quote: ref },
      { symbol: "S", price: price(101n, 0), quote: ref },
      { symbol: "U", price: price(55n, 0), quote: undefined },
    ]);
  });

  it("come back from the wire as they went", () => {
    for (const mark of marks) {
      const bytes = toBinary(MarkSchema, markToWire(mark));
      expect(markFromWire(fromBinary(MarkSchema, bytes))).toEqual(mark);
    }
    expect(markFromWire(create(MarkSchema, { symbol: "L" }))).toBeUndefined();
    expect(markFromWire(create(MarkSchema, { price: { units: 1n, scale: 0 } }))).toBeUndefined();
  });
});

describe("a fill from the wire", () => {
  const wire: PbFill = create(FillSchema, {
    fillId: "f1",
    symbol: "L",
    side: Side.SELL,
    lastQty: { units: 3n, scale: 0 },
    lastPx: { units: 995n, scale: 1 },
    commission: { units: 1n, scale: 2, currency: "USD" },
    transactTimeMs: 1700000000000n,
  });

  it("has what the books need", () => {
    expect(fillFromWire(wire)).toEqual({
      fillId: "f1",
      symbol: "L",
      side: "SELL",
      quantity: { units: 3n, scale: 0 },
      price: { units: 995n, scale: 1 },
      commission: { units: 1n, scale: 2, currency: "USD" },
      timeMs: 1700000000000,
    });
  });

  it.each(["fillId", "symbol", "side", "lastQty", "lastPx", "commission", "transactTimeMs"] as const)(
    "names a missing %s",
    (field) => {
      expect(fillFromWire({ ...wire, [field]: undefined })).toBe(field);
    },
  );
});
