import { describe, expect, it } from "vitest";
import { furthest, isWhole, Ways } from "./order-ways.ts";

const ALL = ["permit.issued", "order.intent", "order.accepted", "order.filled", "ledger.entry"];

describe("the way of an order", () => {
  it("is whole when each of its messages was heard, in whatever order they came", () => {
    const ways = new Ways();
    for (const [n, type] of ALL.toReversed().entries()) ways.heard("a", type, n * 10);
    expect(ways.all().map(isWhole)).toEqual([true]);
    expect(ways.all()[0]?.tookMs).toBe(40);
  });

  it.each(ALL)("is not whole without %s", (missing) => {
    const ways = new Ways();
    for (const type of ALL) if (type !== missing) ways.heard("a", type, 0);
    expect(ways.all().some(isWhole)).toBe(false);
  });

  it("is not made of two orders", () => {
    const ways = new Ways();
    for (const [n, type] of ALL.entries()) ways.heard(n < 3 ? "a" : "b", type, 0);
    expect(ways.all().some(isWhole)).toBe(false);
    expect(furthest(ways.all())).toBe("order.accepted");
  });

  it("that nobody began is no way: a deposit is booked without an order", () => {
    const ways = new Ways();
    ways.heard("deposit", "ledger.entry", 0);
    ways.heard("a", "market.signal", 0);
    expect(furthest(ways.all())).toBeUndefined();
  });
});
