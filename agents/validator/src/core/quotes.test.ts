import fc from "fast-check";
import { expect, it } from "vitest";
import { Quotes } from "./quotes.ts";

const quote = (n: number) => ({
  msgId: `m${n}`,
  seq: BigInt(n),
  digest: new Uint8Array(32).fill(n % 256),
  // Some share their millisecond.
  eventTimeMs: Math.floor(n / 3),
  bidUnits: BigInt(1_000 + n),
  askUnits: BigInt(1_001 + n),
  scale: 2,
});

it("are the last ones, in order, whatever came before: against an array", () => {
  const cases = fc.record({ count: fc.nat(6_000), most: fc.integer({ min: 1, max: 2_500 }), timeMs: fc.nat(2_100) });
  fc.assert(
    fc.property(cases, ({ count, most, timeMs }) => {
      const quotes = new Quotes("A", most);
      const all = Array.from({ length: count }, (_, n) => quote(n));
      for (const one of all) quotes.push(one);
      const kept = all.slice(-most);
      expect(quotes.length).toBe(kept.length);
      expect(quotes.lastIndexAt(timeMs)).toBe(kept.findLastIndex((one) => one.eventTimeMs <= timeMs));
      for (const index of new Set([0, Math.floor(kept.length / 2), kept.length - 1])) {
        const one = kept[index];
        if (one === undefined) continue;
        expect(quotes.indexOf(one.msgId)).toBe(index);
        expect(quotes.at(index)).toMatchObject({
          bid: { units: one.bidUnits, scale: 2 },
          ask: { units: one.askUnits, scale: 2 },
          ref: { symbol: "A", msgId: one.msgId, seq: one.seq, digest: one.digest },
          eventTimeMs: one.eventTimeMs,
        });
      }
      if (count > most) expect(quotes.indexOf("m0")).toBe(-1);
    }),
    { numRuns: 60 },
  );
});
