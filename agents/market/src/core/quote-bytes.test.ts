import { create, toBinary } from "@bufbuild/protobuf";
import { QuoteSchema } from "@countersign/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { QuoteEvent } from "./events.ts";
import { encodeQuote } from "./quote-bytes.ts";

const quote: QuoteEvent = { kind: "quote", symbol: "A", timeMs: 1, bid: 2, ask: 3, bidSize: 4, askSize: 5 };
const scales = { priceScale: 2, quantityScale: 0 };

describe("encodeQuote", () => {
  it("writes the bytes of the generated codec", () => {
    // Both ends of every length of a varint, where a wrong shift shows.
    const edges = Array.from({ length: 54 }, (_, bits) => [2 ** bits - 1, Math.min(2 ** bits, 2 ** 53 - 1)]).flat();
    const number = fc.oneof(fc.maxSafeNat(), fc.constantFrom(...edges));
    const scale = fc.integer({ min: 0, max: 9 });
    const symbol = fc.oneof(fc.string({ unit: "binary", maxLength: 90 }), fc.constantFrom("", "é".repeat(200)));
    fc.assert(
      fc.property(symbol, fc.tuple(number, number, number, number, number), scale, scale, (symbol, values, p, q) => {
        const [bid, ask, bidSize, askSize, timeMs] = values;
        const made = create(QuoteSchema, {
          symbol,
          bidUnits: BigInt(bid),
          askUnits: BigInt(ask),
          priceScale: p,
          bidSizeUnits: BigInt(bidSize),
          askSizeUnits: BigInt(askSize),
          quantityScale: q,
          eventTimeMs: BigInt(timeMs),
        });
        const event: QuoteEvent = { kind: "quote", symbol, timeMs, bid, ask, bidSize, askSize };
        expect(encodeQuote(event, { priceScale: p, quantityScale: q })).toEqual(toBinary(QuoteSchema, made));
      }),
      { numRuns: 300 },
    );
  });

  it("gives bytes of their own to each quote", () => {
    const first = encodeQuote(quote, scales);
    const copy = Uint8Array.from(first);
    encodeQuote({ ...quote, symbol: "ZZZ", bid: 9 }, scales);
    expect(first).toEqual(copy);
  });

  it.each([Number.NaN, -1, 0.5, 2 ** 53, Number.POSITIVE_INFINITY])("refuses %d, naming the field", (bid) => {
    expect(() => encodeQuote({ ...quote, bid }, scales)).toThrow(RangeError);
    expect(() => encodeQuote({ ...quote, bid }, scales)).toThrow("field 2 of a quote");
    expect(encodeQuote(quote, scales)).toHaveLength(17);
  });
});
