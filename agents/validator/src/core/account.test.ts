import { money, price, quantity } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { instruments } from "../../test/world.ts";
import { bookDeposit, bookFills, emptyAccount, identityOf } from "./account.ts";

const fill = {
  fillId: "f",
  symbol: "AAPL",
  side: "BUY",
  quantity: quantity(10n, 0),
  price: price(100_00n, 2),
  commission: money(1_00n, 2, "USD"),
  timeMs: 0,
} as const;
const mark = { symbol: "AAPL", price: price(101_00n, 2), quote: undefined };

function funded() {
  const booked = bookDeposit(emptyAccount, { depositId: "d", amount: money(10_000_00n, 2, "USD") });
  if (!booked.ok) throw new Error(booked.text);
  return booked.account;
}

describe("an account's books", () => {
  it("have two sides that agree", () => {
    const booked = bookFills(funded(), [fill], [mark], instruments);
    expect(booked.ok && identityOf(booked.account)).toMatchObject({
      equity: 10_009_00n,
      unrealised: 10_00n,
      fees: 1_00n,
    });
    expect(identityOf(emptyAccount)).toBeUndefined();
  });

  it("stop the process when the sides differ by one unit, whichever is wrong", () => {
    const account = funded();
    const usd = account.totals["money:USD"]!;
    const cash = { ...usd.cash!, debits: usd.cash!.debits + 1n };
    const broken = [
      { ...account, past: { ...account.past, realised: 1n } },
      { ...account, totals: { ...account.totals, "money:USD": { ...usd, cash } } },
    ];
    for (const wrong of broken) {
      expect(() => bookFills(wrong, [fill], [mark], instruments)).toThrow(
        expect.objectContaining({ code: "IDENTITY_BROKEN" }),
      );
      expect(() => bookDeposit(wrong, { depositId: "e", amount: money(1n, 2, "USD") })).toThrow(/performance/);
    }
  });

  it("refuse a position without a mark", () => {
    expect(bookFills(funded(), [fill], [], instruments)).toMatchObject({ ok: false, code: "WRONG_MARKS" });
  });
});
