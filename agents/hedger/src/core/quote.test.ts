import { quote } from "@countersign/proposer/testing";
import { describe, expect, it } from "vitest";
import { Cover, pairs } from "./testing.ts";

describe("a quote of cover", () => {
  it("names the hedge and what it costs there and back: its spread once, its fee twice", () => {
    const cover = Cover.ready();
    const { beta, effectiveness } = cover.view.betaOf("AAPL")!;
    const quoted = cover.ask(500n);
    // 500 shares at 100 are 50,000: beta times that of SPX is sold, at 2,000 a point.
    const points = Math.floor((beta * 50_000) / 2_000 / 0.01) * 0.01;
    expect(quoted).toMatchObject({ hedgeSymbol: "SPX", side: 2, beta, effectiveness });
    expect(Number(quoted.quantity?.units) / 100).toBeCloseTo(points, 9);
    const cost = points * (0.2 + (2 * 2_000 * 0.5) / 10_000);
    expect(Number(quoted.cost?.units)).toBe(Math.ceil(cost * 100 - 1e-6));
    expect(quoted.cost).toMatchObject({ scale: 2, currency: "USD" });
    expect(cover.ask(500n, "SELL")).toMatchObject({ side: 1, quantity: { units: quoted.quantity?.units } });
  });

  it("asks nobody, and changes nothing", () => {
    const cover = Cover.ready();
    const before = cover.state;
    cover.ask(500n);
    expect(cover.state).toBe(before);
  });

  it.each<[string, () => Cover, Parameters<Cover["ask"]>, RegExp]>([
    ["of the hedge itself", () => Cover.ready(), [1n, "BUY", "SPX"], /nothing to hedge it with/],
    ["where nothing hedges", () => Cover.ready({ hedgeSymbol: undefined }), [1n], /nothing to hedge it with/],
    ["of what nobody quotes", () => Cover.ready(), [1n, "BUY", "MSFT"], /price is missing/],
    ["while the hedge has no price", () => unquoted("SPX"), [1n], /price is missing/],
    ["of too few pairs", () => Cover.ready({}, pairs(20)), [1n], /for certain/],
    ["of what moves by itself", () => Cover.ready({}, pairs(60, { beta: 0, noise: 0.01 })), [1n], /for certain/],
    ["of next to nothing", () => Cover.ready({}, pairs(40, { beta: 0.02, noise: 0 })), [1n], /too small/],
  ])("%s names no hedge, no cost, and why", (_, make, order, why) => {
    const quoted = make().ask(...order);
    expect(quoted.explanation).toMatch(why);
    expect([quoted.hedgeSymbol, quoted.cost, quoted.quantity]).toEqual([undefined, undefined, undefined]);
  });

  it.each<[Parameters<Cover["askFor"]>[0]]>([
    [{ side: 1, quantity: { units: 1n, scale: 0 } }],
    [{ symbol: "AAPL", quantity: { units: 1n, scale: 0 } }],
    [{ symbol: "AAPL", side: 1 }],
  ])("of a request that lacks a field says so: %o", (request) => {
    expect(Cover.ready().askFor(request)).toMatchObject({ explanation: "the request lacks a field" });
  });
});

function unquoted(symbol: string): Cover {
  const cover = Cover.ready();
  cover.view.fold(quote(symbol, undefined, 1n));
  return cover;
}
