import { parsePrice, parseQuantity, product } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { balanceOf, checkBalanced, entryOf, type Posting, post } from "./index.ts";

const posting = (ledger: string, account: string, amount: bigint, scale = 2): Posting => ({
  ledger,
  scale,
  account,
  amount,
});

describe("an entry", () => {
  it("balances in every ledger, or names the one in which it does not", () => {
    const usd = [posting("money:USD", "cash", 5n), posting("money:USD", "deposits", -5n)];
    expect(checkBalanced({ id: "1", postings: usd })).toBeUndefined();
    expect(checkBalanced({ id: "1", postings: [...usd, posting("money:EUR", "cash", 5n)] })).toBe(
      "money:EUR at scale 2",
    );
    expect(
      checkBalanced({ id: "1", postings: [posting("money:USD", "cash", 5n), posting("money:EUR", "cash", -5n)] }),
    ).toBe("money:USD at scale 2");
    expect(checkBalanced({ id: "1", postings: [posting("money:USD", "cash", 0n)] })).toBe("money:USD");
  });

  it("does not balance over two scales of one ledger", () => {
    const postings = [posting("money:USD", "cash", 5n, 2), posting("money:USD", "deposits", -5n, 3)];
    expect(checkBalanced({ id: "1", postings })).toBe("money:USD at scale 2");
  });

  it("that does not balance is neither made nor posted", () => {
    const postings = [posting("money:USD", "cash", 5n)];
    expect(() => entryOf("1", postings)).toThrow("entry 1 does not balance in money:USD");
    expect(() => post({}, { id: "1", postings })).toThrow("entry 1 does not balance in money:USD");
  });

  it("cannot change the scale of a ledger", () => {
    const totals = post({}, entryOf("1", [posting("money:USD", "cash", 5n), posting("money:USD", "deposits", -5n)]));
    const finer = entryOf("2", [posting("money:USD", "cash", 5n, 3), posting("money:USD", "deposits", -5n, 3)]);
    expect(() => post(totals, finer)).toThrow("entry 2 changes the scale of money:USD");
  });
});

// The currency exchange of TigerBeetle's documentation: 100.00 USD at 82.42135 INR through a liquidity provider, 0.10 USD fee.
it("exchanges 10000 cents for 824214 paise, with the fee as a transfer of its own", () => {
  const bought = product(parsePrice("82.42135"), parseQuantity("100.00"), 2).units;
  const exchange = entryOf("exchange", [
    posting("money:USD", "A1", 10000n),
    posting("money:USD", "L1", -10000n),
    posting("money:USD", "A1", 10n),
    posting("money:USD", "L1", -10n),
    posting("money:INR", "L2", bought),
    posting("money:INR", "A2", -bought),
  ]);
  const totals = post({}, exchange);
  expect(totals["money:USD"]).toEqual({
    A1: { scale: 2, debits: 10010n, credits: 0n },
    L1: { scale: 2, debits: 0n, credits: 10010n },
  });
  expect(balanceOf(totals, "money:INR", "A2")).toBe(-824214n);
  expect(balanceOf(totals, "money:INR", "nobody")).toBe(0n);
});
