import { expect, it } from "vitest";
import { emptyAccount, foldAccount } from "./account.ts";
import { Quotes } from "./quotes.ts";
import { deposit, desk, filled, quote } from "./testing.ts";
import { worthNow } from "./worth.ts";

const inputs = [
  deposit("1000.00"),
  filled({ symbol: "AAPL", side: "BUY", quantity: 3n, price: 10_000n }),
  filled({ symbol: "MSFT", side: "SELL", quantity: 2n, price: 5_000n }),
];
const { book } = inputs.reduce((account, input) => foldAccount(account, input, desk), emptyAccount());

function quotesOf(...messages: readonly ReturnType<typeof quote>[]): Quotes {
  const quotes = new Quotes();
  for (const one of messages) quotes.fold(one);
  return quotes;
}

it("values a long at the bid and a short at the ask", () => {
  const quotes = quotesOf(quote("AAPL", 11_000n, 11_010n), quote("MSFT", 5_990n, 6_000n));
  expect(worthNow(book, quotes)).toEqual({ equity: 800 + 330 - 120, positions: { AAPL: 330, MSFT: -120 } });
});

it("is unknown while one position has no price, whatever its last fill cost", () => {
  expect(worthNow(book, quotesOf(quote("AAPL", 11_000n, 11_010n)))).toBeUndefined();
  const gone = quotesOf(quote("AAPL", 11_000n, 11_010n), quote("MSFT", 5_990n, 6_000n), quote("MSFT", 0n, 6_000n));
  expect(worthNow(book, gone)).toBeUndefined();
});

it("is unknown before the first deposit, and not zero", () => {
  expect(worthNow(emptyAccount().book, new Quotes())).toBeUndefined();
});
