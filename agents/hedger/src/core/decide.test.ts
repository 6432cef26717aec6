import { create } from "@bufbuild/protobuf";
import { OrderAcceptedSchema, OrderStatus } from "@countersign/contracts";
import { decisions, haltedFence, message, openFence, proposed, published } from "@countersign/proposer/testing";
import type { Effect } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Cover, pairs } from "./testing.ts";

const placed = (effects: readonly Effect[]) => published(effects, "hedge.placed").map(({ payload }) => payload);
/** Of the ready market. */
const beta = Cover.ready().view.betaOf("AAPL")!.beta;
/** Units of SPX at 2,000.00 that offset so much beta exposure. */
const unitsFor = (value: number) => BigInt(Math.floor(value / 20));

describe("a hedge", () => {
  it("follows the fill that made the exposure: beta × value of the hedge, the other way", () => {
    const cover = Cover.ready();
    const [intent] = proposed(cover.fill("BUY", 500n));
    expect(intent).toMatchObject({
      account: "main",
      venue: "paper",
      symbol: "SPX",
      side: 2,
      quantity: { units: unitsFor(beta * 49_995), scale: 2 },
      reduceOnly: false,
      proposer: "hedger",
      principal: "strategy:min-variance-hedge@1",
      confidence: 1,
      expectedReturn: 0,
      quotes: [{ symbol: "SPX" }],
    });
    expect(intent?.explanation).toMatch(/^beta 1\.\d\d of 49995, removes at least \d\d % of the variance$/);
    expect(proposed(Cover.ready().fill("SELL", 500n))).toMatchObject([{ side: 1 }]);
  });

  it("is not placed inside the band, and brings the exposure to nothing beyond it", () => {
    const cover = Cover.ready({ band: 0.5 });
    expect(cover.fill("BUY", 300n)).toEqual([]);
    expect(proposed(cover.fill("BUY", 100n))).toMatchObject([{ quantity: { units: unitsFor(beta * 39_996) } }]);
    cover.placed();
    expect(cover.hedge).toBe(-unitsFor(beta * 39_996));
    expect(cover.day()).toEqual([]);
    expect(cover.fill("BUY", 200n)).toEqual([]);
  });

  it("goes on when its order has filled and more has come meanwhile, one order at a time", () => {
    const cover = Cover.ready();
    cover.fill("BUY", 300n);
    const first = cover.state.placing;
    expect(cover.fill("BUY", 200n)).toEqual([]);
    expect(cover.day()).toEqual([]);
    expect(cover.state.placing).toEqual(first);
    const [second] = proposed(cover.placed());
    expect(second).toMatchObject({ side: 2 });
    cover.placed();
    expect(cover.hedge).toBe(-unitsFor(cover.view.betaOf("AAPL")!.beta * 49_995));
  });

  it("that is refused, missed or unanswered is proposed again on the next bar, under another key", () => {
    const ends: readonly ((cover: Cover) => readonly Effect[])[] = [
      (cover) => cover.reject(),
      (cover) => cover.silence(),
      (cover) => {
        cover.permit();
        return cover.report(OrderStatus.EXPIRED);
      },
    ];
    for (const end of ends) {
      const cover = Cover.ready();
      cover.fill("BUY", 500n);
      const { intentKey } = cover;
      expect(proposed(end(cover))).toEqual([]);
      expect([cover.state.proposals, cover.state.placing]).toEqual([{}, undefined]);
      expect(proposed(cover.day()).length).toBe(1);
      expect(cover.intentKey).not.toBe(intentKey);
    }
  });

  it("that is refused again and again is asked for ever more rarely, until the book has changed", () => {
    const cover = Cover.ready();
    cover.fill("BUY", 500n);
    cover.reject();
    const asked: number[] = [];
    for (let day = 1; day <= 20; day++) {
      if (proposed(cover.day()).length === 0) continue;
      asked.push(day);
      cover.reject();
    }
    // On the next bar; then with 1, 3 and 7 bars left out.
    expect(asked).toEqual([1, 2, 5, 12]);
    expect(proposed(cover.fill("BUY", 1n)).length).toBe(1);
    cover.reject();
    expect(proposed(cover.day()).length).toBe(1);
    cover.placed();
    expect(cover.state.patience).toBeUndefined();
  });

  it("no answer from Policy is on record", () => {
    const cover = Cover.ready();
    cover.fill("BUY", 500n);
    expect(decisions(cover.silence())).toEqual(["NO_ANSWER"]);
  });

  it("is not proposed while trading is halted, and is when it is open again", () => {
    const cover = Cover.ready();
    cover.fence = haltedFence;
    expect(cover.fill("BUY", 500n)).toEqual([]);
    cover.fence = {
      ...openFence,
      halts: [{ id: "h", level: 1, scope: { kind: "strategy", id: "min-variance-hedge" } }],
    };
    expect(cover.day()).toEqual([]);
    cover.fence = openFence;
    expect(proposed(cover.day()).length).toBe(1);
  });
});

describe("HedgePlaced", () => {
  it("is told once, when the hedge's order is accepted", () => {
    const cover = Cover.ready();
    cover.fill("BUY", 500n);
    const { intentKey } = cover;
    const cause = cover.state.proposals[intentKey]?.cause;
    expect(placed(cover.permit())).toEqual([]);
    const effects = cover.accept();
    expect(placed(effects)).toMatchObject([
      {
        intentKey,
        account: "main",
        symbol: "SPX",
        side: 2,
        quantity: { units: unitsFor(beta * 49_995), scale: 2 },
        trigger: "beta",
        beta,
        exposure: { units: BigInt(Math.round(beta * 4_999_500)), scale: 2, currency: "USD" },
      },
    ]);
    expect(effects).toMatchObject([{ topic: "hedges.v1", key: "main", cause }]);
    expect(cover.accept()).toEqual([]);
    expect(cover.state.placing).toBeUndefined();
  });

  it("is not told of a hedge that was never accepted, nor of others' orders", () => {
    const cover = Cover.ready();
    cover.fill("BUY", 500n);
    const before = cover.state;
    expect(cover.take(message("order.accepted", create(OrderAcceptedSchema, { intentKey: "another" })))).toEqual([]);
    expect(cover.state).toBe(before);
    const { intentKey } = cover;
    cover.reject();
    expect(cover.take(message("order.accepted", create(OrderAcceptedSchema, { intentKey })))).toEqual([]);
  });
});

describe("triggers", () => {
  it("beta in quiet times, volatility while only the narrow band is exceeded, with hysteresis", () => {
    // 100 shares are 10,000: beta exposure of 15 % of equity, inside a band of 20 %, outside one of 2 %.
    const cover = Cover.ready({ band: 0.2, window: 60 }, pairs(100));
    expect(cover.fill("BUY", 100n)).toEqual([]);
    expect(cover.view.stress.isUp).toBe(false);
    let [stock, index, days] = [10_000, 200_000, 0];
    const move = (size: number) => {
      const turn = days++ % 2 === 0 ? 1 + size : 1 / (1 + size);
      [stock, index] = [stock * (1 + 1.5 * (turn - 1)), index * turn];
      return cover.day(BigInt(Math.round(stock)), BigInt(Math.round(index)));
    };
    for (let n = 0; n < 40; n++) expect(move(0.01)).toEqual([]);
    let hedged: readonly Effect[] = [];
    for (let n = 0; n < 10 && hedged.length === 0; n++) hedged = move(0.05);
    expect(cover.view.stress.isUp).toBe(true);
    expect(proposed(hedged)[0]?.explanation).toMatch(/, volatility is up$/);
    expect(cover.state.placing?.trigger).toBe("volatility");
    cover.placed();
    const held = cover.hedge;
    expect(held).toBeLessThan(0n);
    // Quiet again: the narrow band is given up, the hedge is not.
    for (let n = 0; n < 60; n++) expect(move(0.01)).toEqual([]);
    expect(cover.view.stress.isUp).toBe(false);
    expect(cover.hedge).toBe(held);
  });

  it("unwind: when nothing is held any more the hedge is taken off, reduce-only, however small", () => {
    const cover = Cover.ready();
    cover.fill("BUY", 500n);
    cover.placed();
    const held = cover.hedge;
    const [intent] = proposed(cover.fill("SELL", 500n));
    expect(intent).toMatchObject({ side: 1, quantity: { units: -held }, reduceOnly: true });
    expect(intent?.explanation).toBe("nothing that is held is covered by the hedge any more");
    expect(cover.state.placing).toMatchObject({ trigger: "unwind", exposure: { units: 0n } });
    cover.placed();
    expect([cover.hedge, cover.day()]).toEqual([0n, []]);
  });

  it("when half of it is sold, half of the hedge is taken off, reduce-only", () => {
    const cover = Cover.ready();
    cover.fill("BUY", 500n);
    cover.placed();
    expect(proposed(cover.fill("SELL", 250n))).toMatchObject([{ side: 1, reduceOnly: true }]);
  });
});

describe("unknown is no (P10)", () => {
  it("no hedge without a believable beta", () => {
    expect(Cover.ready({}, pairs(20)).fill("BUY", 500n)).toEqual([]);
    expect(Cover.ready({}, pairs(60, { beta: 0.3, noise: 0.02 })).fill("BUY", 900n)).toEqual([]);
  });

  it("no hedge at a price that is missing: the hedge's, or that of anything held", () => {
    const cover = Cover.ready();
    cover.quote("SPX", 0n, 200_010n);
    expect(cover.fill("BUY", 500n)).toEqual([]);
    cover.quote("SPX", 199_990n, 200_010n);
    cover.fill("BUY", 1n, "MSFT");
    expect(cover.day()).toEqual([]);
    cover.quote("MSFT", 4_999n, 5_001n);
    expect(proposed(cover.day()).length).toBe(1);
  });

  it("no hedge without equity, and none where nothing hedges", () => {
    const cover = Cover.ready();
    cover.fill("SELL", 500n);
    cover.reject();
    // Short at 100, and the price is ten times that: nothing is left.
    cover.quote("AAPL", 100_000n, 100_010n);
    expect(cover.day()).toEqual([]);
    expect(Cover.ready({ hedgeSymbol: undefined }).fill("BUY", 500n)).toEqual([]);
  });
});

it("what says nothing to it leaves the very same state", () => {
  const cover = Cover.ready();
  const before = cover.state;
  expect(cover.day()).toEqual([]);
  expect(cover.take({ kind: "no-answer", id: "another", code: "UNAVAILABLE" })).toEqual([]);
  expect(cover.take({ kind: "tick" })).toEqual([]);
  expect(cover.state).toBe(before);
});
