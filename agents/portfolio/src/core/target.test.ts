import { type Account, emptyAccount, foldAccount } from "@countersign/proposer";
import { deposit, filled, quote } from "@countersign/proposer/testing";
import { describe, expect, it } from "vitest";
import { targetOf } from "./target.ts";
import { config, Trader } from "./testing.ts";
import { PortfolioView, RETURNS_MIN } from "./view.ts";

const rich = foldAccount(emptyAccount(), deposit("100000.00"), config);
const { view } = Trader.ready();
/** Of the ready market: EWMA of returns of 1 %, at 252 bars a year. */
const annual = view.volatility(config.instruments.get("AAPL")!)!.annual;

/** By default at the price it is marked at: equity stays 100,000. */
const holding = (units: bigint, price = units > 0n ? 9_999n : 10_001n): Account => {
  const side = units > 0n ? "BUY" : "SELL";
  return foldAccount(rich, filled({ symbol: "AAPL", side, quantity: units > 0n ? units : -units, price }), config);
};
const at = (direction: number, account = rich, change: Partial<typeof config> = {}, market = view) =>
  targetOf({ symbol: "AAPL", direction }, account, market, { ...config, ...change });

describe("targetOf", () => {
  it("the volatility it sizes by is that of the bars, annualised", () => {
    expect(annual).toBeCloseTo(Math.log(1.01) * Math.sqrt(252), 10);
  });

  // Equity 100,000 at a mid of 100: a weight of 0.5 is 500 shares.
  it.each([
    // direction, target volatility, cap, weight
    [1, annual / 4, 0.5, 0.25],
    [-1, annual / 4, 0.5, -0.25],
    [0.5, annual / 4, 0.5, 0.125],
    [1, annual, 0.5, 0.5],
    [1, 10 * annual, 0.75, 0.75],
    [-0.4, 10 * annual, 0.75, -0.3],
  ])("direction %s, target volatility %s, cap %s: weight %s", (direction, targetVolatility, weightMax, weight) => {
    const target = at(direction, rich, { targetVolatility, weightMax });
    expect(target.ok && target.weight).toBeCloseTo(weight, 12);
    const units = BigInt(Math.floor(Math.abs(weight) * 1000 + 1e-6));
    expect(target).toMatchObject({
      ok: true,
      volatility: annual,
      trade: { side: weight > 0 ? "BUY" : "SELL", quantity: { units, scale: 0 }, reduces: false },
    });
  });

  it.each([
    // held, direction, side, quantity, reduces, turns
    [100n, 1, "BUY", 400n, false, false],
    [600n, 1, "SELL", 100n, true, false],
    [100n, 0, "SELL", 100n, true, false],
    [-100n, 0, "BUY", 100n, true, false],
    [100n, -1, "SELL", 600n, false, true],
    [-100n, 1, "BUY", 600n, false, true],
  ] as const)("with %s held, direction %s: %s %s", (held, direction, side, units, reduces, turns) => {
    const target = at(direction, holding(held), { targetVolatility: 10 });
    expect(target).toMatchObject({ ok: true, trade: { side, quantity: { units }, reduces, turns } });
  });

  it("changes within the no-trade band are not worth an order, but leaving is", () => {
    const wide = { targetVolatility: 10, noTradeBand: 0.05 };
    expect(at(1, holding(460n), wide)).toMatchObject({ ok: false, code: "IN_PLACE" });
    expect(at(1, holding(450n), wide)).toMatchObject({ ok: true });
    expect(at(1, holding(500n), wide)).toMatchObject({ ok: false, code: "IN_PLACE" });
    expect(at(0, holding(10n), wide)).toMatchObject({ ok: true, trade: { reduces: true } });
    expect(at(0, rich, wide)).toMatchObject({ ok: false, code: "IN_PLACE" });
  });

  it("the band follows the volatility of one bar", () => {
    const target = at(1);
    const perBar = view.volatility(config.instruments.get("AAPL")!)!.perBar;
    if (!target.ok) throw new Error(target.text);
    expect(Number(target.band.low.units)).toBeCloseTo(9_999 * (1 - 3 * perBar), -1);
    expect(Number(target.band.high.units)).toBeCloseTo(10_001 * (1 + 3 * perBar), -1);
  });

  it("without an instrument there is no order", () => {
    expect(targetOf({ symbol: "NONE", direction: 1 }, rich, view, config)).toMatchObject({ code: "NO_INSTRUMENT" });
  });

  it("without a price there is no order (P10)", () => {
    const trader = new Trader();
    trader.warmUp("AAPL");
    expect(at(1, rich, {}, trader.view)).toMatchObject({ ok: false, code: "NO_PRICE" });
    trader.view.fold(quote("AAPL", 9_999n, 10_001n));
    expect(at(1, rich, {}, trader.view)).toMatchObject({ ok: true });
    trader.view.fold(quote("AAPL", 0n, 10_001n));
    expect(at(1, rich, {}, trader.view)).toMatchObject({ ok: false, code: "NO_PRICE" });
  });

  it("a volatility of too few returns is none (P10)", () => {
    const trader = new Trader();
    trader.view.fold(quote("AAPL", 9_999n, 10_001n));
    expect(at(1, rich, {}, trader.view)).toMatchObject({ ok: false, code: "NO_VOLATILITY" });
    trader.warmUp("AAPL", RETURNS_MIN - 1);
    expect(at(1, rich, {}, trader.view)).toMatchObject({ ok: false, code: "NO_VOLATILITY" });
    trader.warmUp("AAPL", 0);
    expect(at(1, rich, {}, trader.view)).toMatchObject({ ok: true });
  });

  it("equity that is gone, or not known, allocates nothing (P10)", () => {
    expect(at(1, emptyAccount())).toMatchObject({ ok: false, code: "NO_EQUITY" });
    // Sold short at 1.00 and now at 100.01: more than everything is lost, and a negative equity would turn a buy into a sale.
    const ruined = holding(-2_000n, 100n);
    expect(at(1, ruined)).toMatchObject({ ok: false, code: "NO_EQUITY" });
    expect(at(-1, ruined)).toMatchObject({ ok: false, code: "NO_EQUITY" });
    const fill = filled({ symbol: "MSFT", side: "BUY", quantity: 1n, price: 5_000n });
    expect(at(1, foldAccount(rich, fill, config))).toMatchObject({ ok: false, code: "NO_EQUITY" });
  });

  it("an empty market knows nothing", () => {
    expect(at(1, rich, {}, new PortfolioView())).toMatchObject({ ok: false });
  });
});
