import type { Input } from "@countersign/runtime";
import { deepFreeze } from "@countersign/runtime/testing";
import { describe, expect, it } from "vitest";
import { type Account, emptyAccount, foldAccount } from "./account.ts";
import { deposit, desk, filled, fillMessage, message, noAnswer } from "./testing.ts";

const bought = { symbol: "AAPL", side: "BUY", quantity: 10n, price: 10_000n } as const;
const rich = deepFreeze(foldAccount(emptyAccount(), deposit("1000.00"), desk));

describe("foldAccount", () => {
  it("books a certified deposit, and fills at once", () => {
    expect(rich.book).toMatchObject({ cash: 100_000n, money: { currency: "USD", scale: 2 } });
    const { book } = foldAccount(rich, filled(bought), desk);
    expect([book.cash, book.positions.AAPL?.quantity.units]).toEqual([0n, 10n]);
  });

  it("books a deposit once, however often its entry is announced", () => {
    expect(foldAccount(rich, deposit("1000.00"), desk)).toBe(rich);
    expect(foldAccount(rich, deposit("1000.00", "d2"), desk).book.cash).toBe(200_000n);
  });

  it.each([
    ["one vote of three", ["validator-1"]],
    ["one validator's vote twice", ["validator-1", "validator-1"]],
    ["a vote of somebody else", ["validator-1", "operator"]],
    ["no vote", []],
  ])("takes no deposit that %s certifies", (_, voters) => {
    const before = deepFreeze(emptyAccount());
    expect(foldAccount(before, deposit("1000.00", "d1", voters), desk)).toBe(before);
  });

  it("leaves the account alone where nothing is said about it", () => {
    const elsewhere = { ...desk, account: "other" };
    expect(foldAccount(rich, deposit("5.00", "d2"), elsewhere)).toBe(rich);
    expect(foldAccount(rich, filled({ ...bought, account: "other" }), desk)).toBe(rich);
    expect(foldAccount(rich, noAnswer("x"), desk)).toBe(rich);
    expect(foldAccount(rich, { kind: "tick" }, desk)).toBe(rich);
  });

  it.each<[string, Account, Input]>([
    ["lacks a price", rich, unpriced()],
    ["is of no instrument", rich, filled({ ...bought, symbol: "NONE" })],
    ["comes before any deposit", emptyAccount(), filled(bought)],
  ])("stops on a fill that %s: nobody trades on with a wrong book", (_, account, fill) => {
    expect(() => foldAccount(account, fill, desk)).toThrow(/broken invariant/);
  });
});

function unpriced(): Input {
  const fill = fillMessage(bought);
  delete fill.lastPx;
  return message("order.filled", fill);
}
