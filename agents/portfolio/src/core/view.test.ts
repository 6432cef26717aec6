import { bar, DAY_MS, instruments, quote } from "@countersign/proposer/testing";
import { EwmaVolatility, ln } from "@countersign/quant";
import { decodeJson, encodeJson, type MarketMessage } from "@countersign/runtime";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PortfolioView } from "./view.ts";

const apple = instruments.get("AAPL")!;
const closes = fc.array(fc.bigInt({ min: 5_000n, max: 20_000n }), { minLength: 1, maxLength: 40 });
const symbols = ["AAPL", "SPX"];
const marketOf = (prices: readonly bigint[]): MarketMessage[] =>
  prices.flatMap((price, n) =>
    symbols.flatMap((symbol) => [quote(symbol, price - 1n, price + 1n, n), bar(symbol, price, n)]),
  );
const seenBy = (view: PortfolioView) => [encodeJson(view.snapshot()), view.volatility(apple), view.quotes.last("SPX")];

function folded(messages: readonly MarketMessage[], view = new PortfolioView()): PortfolioView {
  for (const message of messages) view.fold(message);
  return view;
}

describe("PortfolioView", () => {
  it("volatility is the EWMA of log returns, bar by bar", () => {
    fc.assert(
      fc.property(closes, (prices) => {
        const plain = new EwmaVolatility();
        prices.slice(1).forEach((price, n) => void plain.update(ln(Number(price) / 100 / (Number(prices[n]) / 100))));
        const seen = folded(marketOf(prices)).volatility(apple);
        expect(seen?.perBar).toBe(plain.value);
        if (plain.value !== undefined) expect(seen?.returns).toBe(prices.length - 1);
      }),
    );
  });

  it.each([
    ["a day", DAY_MS, 252],
    ["a week", 7 * DAY_MS, 36],
    ["an hour", 3_600_000, 252 * 6.5],
    ["a minute", 60_000, 252 * 6.5 * 60],
  ])("bars of %s: %s ms make %s a year", (_, lengthMs, perYear) => {
    const view = folded([10_000n, 10_100n, 10_000n].map((close, n) => bar("AAPL", close, n, lengthMs)));
    const { annual, perBar } = view.volatility(apple)!;
    expect(annual).toBeCloseTo(perBar * Math.sqrt(perYear), 12);
  });

  it("what never moved, or was never seen, has none", () => {
    expect(folded([10_000n, 10_000n].map((close, n) => bar("AAPL", close, n))).volatility(apple)).toBeUndefined();
    expect(new PortfolioView().volatility(apple)).toBeUndefined();
  });

  it("restored from the store at any message, it continues as if uninterrupted", () => {
    fc.assert(
      fc.property(closes, fc.nat(), (prices, at) => {
        const messages = marketOf(prices);
        const cut = at % messages.length;
        const first = folded(messages.slice(0, cut));
        const second = PortfolioView.restore(decodeJson(encodeJson(first.snapshot())));
        expect(seenBy(folded(messages.slice(cut), second))).toEqual(seenBy(folded(messages)));
      }),
    );
  });

  it("what comes later changes nothing of what was seen before", () => {
    fc.assert(
      fc.property(closes, closes, (prices, others) => {
        const view = new PortfolioView();
        const seen = marketOf([...prices, ...others]).map((message) => seenBy(folded([message], view)));
        const known = new PortfolioView();
        const before = marketOf(prices).map((message) => seenBy(folded([message], known)));
        expect(seen.slice(0, before.length)).toEqual(before);
      }),
      { numRuns: 30 },
    );
  });
});
