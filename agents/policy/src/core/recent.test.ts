import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countPermit, permitsOf } from "./recent.ts";
import type { Permits } from "./state.ts";

const SYMBOLS = ["AAPL", "SPX"];
const permit = fc.record({ afterMs: fc.nat(5_000), symbol: fc.constantFrom(...SYMBOLS) });

describe("permits of the last minute", () => {
  it("are never fewer than there were, nor more than in the last 61 seconds, and take no more room than there are seconds", () => {
    fc.assert(
      fc.property(fc.array(permit, { maxLength: 200 }), fc.nat(70_000), (permits, laterMs) => {
        let recent: readonly Permits[] = [];
        let nowMs = 1_700_000_000_123;
        const all: { atMs: number; symbol: string }[] = [];
        for (const { afterMs, symbol } of permits) {
          nowMs += afterMs;
          recent = countPermit(recent, { symbol, principal: "p" }, nowMs);
          all.push({ atMs: nowMs, symbol });
        }
        nowMs += laterMs;
        for (const symbol of SYMBOLS) {
          const within = (ms: number) => all.filter((one) => one.symbol === symbol && nowMs - one.atMs < ms).length;
          const counted = permitsOf(recent, (one) => one.symbol === symbol, nowMs);
          expect(counted).toBeGreaterThanOrEqual(within(60_000));
          expect(counted).toBeLessThanOrEqual(within(61_000));
        }
        expect(recent.length).toBeLessThanOrEqual(61 * SYMBOLS.length);
      }),
    );
  });
});
