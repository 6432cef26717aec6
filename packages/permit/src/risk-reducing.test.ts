import { quantity } from "@countersign/orders";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { intent, orderOf } from "../test/world.ts";
import { reducesRisk } from "./risk-reducing.ts";

const order = orderOf(intent);

describe("reducesRisk", () => {
  it("is the plain rule: opposite side, not larger, not of the other sign, after all others", () => {
    const units = fc.bigInt(-20n, 20n);
    fc.assert(
      fc.property(
        units,
        units,
        fc.bigInt(1n, 20n),
        fc.constantFrom("BUY" as const, "SELL" as const),
        (held, others, size, side) => {
          const position = held * 10n;
          const change = side === "BUY" ? size : -size;
          const after = position + others + change;
          const plain =
            position !== 0n &&
            change > 0n !== position > 0n &&
            (others === 0n || others > 0n !== position > 0n) &&
            (position > 0n ? after >= 0n : after <= 0n);
          const view = { symbol: "AAPL", position: quantity(held, 0), reducing: quantity(others, 1) };
          expect(reducesRisk({ ...order, side, quantity: quantity(size, 1) }, view)).toBe(plain);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("is not proved for another symbol, without a reconciled book, or without the reduce-only flag", () => {
    const held = { symbol: "AAPL", position: quantity(300n, 0), reducing: quantity(0n, 0) };
    expect(reducesRisk(order, held)).toBe(true);
    expect(reducesRisk(order, { ...held, symbol: "MSFT" })).toBe(false);
    expect(reducesRisk(order, undefined)).toBe(false);
    expect(reducesRisk({ ...order, reduceOnly: false }, held)).toBe(false);
  });
});
