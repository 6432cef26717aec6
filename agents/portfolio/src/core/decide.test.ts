import { create } from "@bufbuild/protobuf";
import {
  HedgePlacedSchema,
  OrderAcceptedSchema,
  OrderStatus,
  PermitIssuedSchema,
  SignedSchema,
} from "@countersign/contracts";
import {
  DAY_MS,
  decisions,
  haltedFence,
  message,
  openFence,
  proposed,
  published,
  quote,
} from "@countersign/proposer/testing";
import type { Effect } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Trader } from "./testing.ts";

const money = (units: bigint) => ({ $typeName: "countersign.v1.Money", units, scale: 2, currency: "USD" }) as const;
const explanationOf = ([first]: readonly Effect[]) =>
  first?.kind === "publish" && "explanation" in first.payload ? `${first.payload.explanation}` : "";

describe("a signal", () => {
  it("asks the Hedger what cover would cost, then Policy; the intent says why", () => {
    const trader = Trader.ready();
    trader.signal();
    expect(trader.asked("HedgerService.Quote")).toMatchObject({
      to: "hedger",
      payload: { account: "main", symbol: "AAPL", side: 1, quantity: { units: 500n, scale: 0 } },
    });
    expect(trader.asks("PolicyService.Validate")).toBe(false);
    const cover = { hedgeSymbol: "SPX", cost: money(50_00n), beta: 1.1 };
    const [intent] = proposed(trader.cover(cover));
    // Spread 0.02 + fees 2 × 0.005 on 100, and 50.00 on 50,000.
    const cost = 0.0003 + 0.001;
    expect(intent).toMatchObject({
      account: "main",
      venue: "paper",
      symbol: "AAPL",
      quantity: { units: 500n },
      reduceOnly: false,
      proposer: "portfolio",
      principal: "strategy:trend@1",
      attempt: 0,
      confidence: 0.6,
      expectedReturn: 0.02,
      explanation: "it rises",
      quotes: [{ symbol: "AAPL", msgId: "AAPL quote 1" }],
    });
    const features = Object.fromEntries(intent!.features.map(({ name, value }) => [name, value]));
    expect(features).toMatchObject({ direction: 1, weight: 0.5, beta: 1.1 });
    expect(features.cost).toBeCloseTo(cost, 12);
    expect(trader.asked("PolicyService.Validate").idempotencyKey).toBe(trader.intentKey);
    expect(trader.asked("PolicyService.Validate").cause).toEqual(trader.state.wishes.AAPL?.cause);
  });

  it("carries the permit to Execution, and is done when the order has filled", () => {
    const trader = Trader.ready();
    trader.want();
    const [submit] = published(trader.permit(), "order.intent");
    expect(submit).toMatchObject({ topic: "orders.intent.v1", key: "main", idempotencyKey: trader.intentKey });
    expect(submit?.payload).toMatchObject({ command: { case: "submit" } });
    trader.work();
    trader.fill("BUY", 500n);
    trader.report(OrderStatus.FILLED);
    expect(trader.state).toMatchObject({ proposals: {}, wishes: {} });
    expect(trader.state.account.book.positions.AAPL?.quantity.units).toBe(500n);
    expect(decisions(trader.want())).toEqual(["IN_PLACE"]);
  });

  it.each([
    ["direction", { direction: undefined }],
    ["direction", { direction: 1.5 }],
    ["confidence", { confidence: undefined }],
    ["confidence", { confidence: Number.NaN }],
    ["expectedReturn", { expectedReturn: undefined }],
    ["expectedReturn", { expectedReturn: -0.01 }],
    ["horizonMs", { horizonMs: undefined }],
    ["strategy", { strategy: undefined }],
    ["symbol", { symbol: undefined }],
    ["because", { explanation: undefined }],
  ])("whose %s is not known asks for nothing and replaces nothing: %o (P10)", (field, change) => {
    const trader = Trader.ready();
    const before = trader.state;
    const effects = trader.signal(change as Parameters<Trader["signal"]>[0]);
    expect([decisions(effects), proposed(effects)]).toEqual([["BAD_SIGNAL"], []]);
    expect(explanationOf(effects)).toContain(field);
    expect(trader.state).toBe(before);
  });

  it("is dropped on record while trading is halted, before anybody is asked", () => {
    const trader = Trader.ready();
    trader.fence = haltedFence;
    expect(decisions(trader.signal())).toEqual(["HALTED"]);
    expect(trader.effects.length).toBe(1);
    expect(trader.state.wishes).toEqual({});
    trader.fence = { ...openFence, halts: [{ id: "h", level: 1, scope: { kind: "strategy", id: "trend" } }] };
    expect(decisions(trader.signal())).toEqual(["HALTED"]);
    expect(decisions(trader.want({ strategy: "strategy:breakout@1" }))).toEqual([]);
    expect(proposed(trader.effects).length).toBe(1);
  });

  it("is dropped when trading is halted while the Hedger is asked", () => {
    const trader = Trader.ready();
    trader.signal();
    trader.fence = haltedFence;
    expect(decisions(trader.effects)).toEqual([]);
    const { id } = trader.asked("HedgerService.Quote");
    expect(id).toContain("cover ");
    expect(decisions(trader.cover())).toEqual(["HALTED"]);
    expect(trader.state.wishes).toEqual({});
  });

  it("of something without price, bars or money is dropped on record", () => {
    expect(decisions(Trader.ready().want({ symbol: "SPX" }))).toEqual(["NO_PRICE"]);
    const young = new Trader();
    young.view.fold(quote("AAPL", 9_999n, 10_001n));
    expect(decisions(young.want())).toEqual(["NO_VOLATILITY"]);
    young.warmUp("AAPL");
    expect(decisions(young.want())).toEqual(["NO_EQUITY"]);
    expect(decisions(young.want({ symbol: "NONE" }))).toEqual(["NO_INSTRUMENT"]);
  });
});

describe("the edge", () => {
  // There and back: spread 0.02 and fees 0.01 on 100, so 0.0003 of what is opened.
  it.each([
    ["what it costs is no edge", 0.0003, {}, ["NO_EDGE"]],
    ["a little more is one", 0.000301, {}, []],
    ["the cover is paid for too", 0.00101, { hedgeSymbol: "SPX", cost: money(50_00n) }, ["NO_EDGE"]],
    ["and then more is needed", 0.00131, { hedgeSymbol: "SPX", cost: money(50_00n) }, []],
    ["cover without a price is a risk that nobody has seen (P10)", 0.5, { hedgeSymbol: "SPX" }, ["NO_COVER"]],
  ])("%s: %s", (_, expectedReturn, cover, expected) => {
    const trader = Trader.ready();
    trader.signal({ expectedReturn });
    const effects = trader.cover(cover);
    expect(decisions(effects)).toEqual(expected);
    expect(proposed(effects).length).toBe(expected.length === 0 ? 1 : 0);
    if (expected.length > 0) expect(trader.state.wishes).toEqual({});
  });

  it("when the Hedger does not answer, the wish is given up on record", () => {
    const trader = Trader.ready();
    trader.signal();
    expect(decisions(trader.silence("HedgerService.Quote"))).toEqual(["NO_COVER"]);
    expect(trader.state.wishes).toEqual({});
  });

  it("a reduction needs neither edge nor cover, and is never too late", () => {
    const trader = Trader.ready();
    trader.fill("BUY", 400n);
    const [intent] = proposed(trader.signal({ direction: 0, expectedReturn: 0, confidence: 1 }));
    expect(intent).toMatchObject({ side: 2, quantity: { units: 400n }, reduceOnly: true });
    expect(trader.asks("HedgerService.Quote")).toBe(false);
    const smaller = Trader.ready();
    smaller.fill("BUY", 400n);
    expect(proposed(smaller.signal({ direction: 0.2, expectedReturn: 0 }))[0]).toMatchObject({ reduceOnly: true });
  });

  it("a turn without an edge still leaves the position that nobody backs any more", () => {
    const trader = Trader.ready();
    trader.fill("BUY", 400n);
    const effects = trader.want({ direction: -1, expectedReturn: 0.0001 });
    expect(decisions(effects)).toEqual(["NO_EDGE"]);
    expect(proposed(effects)).toMatchObject([{ side: 2, quantity: { units: 400n }, reduceOnly: true }]);
  });

  it("a turn with an edge is one order; cover is asked for what it opens", () => {
    const trader = Trader.ready();
    trader.fill("BUY", 400n);
    trader.signal({ direction: -1 });
    expect(trader.asked("HedgerService.Quote").payload).toMatchObject({ side: 2, quantity: { units: 500n } });
    expect(proposed(trader.cover())).toMatchObject([{ side: 2, quantity: { units: 900n }, reduceOnly: false }]);
  });
});

describe("one order of a symbol at a time", () => {
  it.each<[string, (trader: Trader) => void]>([
    ["Policy is asked", () => {}],
    ["it is sent", (trader) => void trader.permit()],
    ["it works", (trader) => trader.work()],
    [
      "it has filled in part",
      (trader) => {
        trader.work();
        trader.fill("BUY", 10n);
      },
    ],
  ])("while %s a newer signal waits, and the newest replaces it", (_, proceed) => {
    const trader = Trader.ready();
    trader.want();
    proceed(trader);
    expect(trader.signal({ direction: 0.5, explanation: "second" })).toEqual([]);
    expect(trader.signal({ direction: -1, explanation: "third" })).toEqual([]);
    expect(Object.keys(trader.state.proposals).length).toBe(1);
    if (trader.state.proposals[trader.intentKey]?.stage === "asked") trader.reject();
    else trader.report(OrderStatus.EXPIRED);
    expect(proposed(trader.cover())).toMatchObject([{ side: 2, explanation: "third", attempt: 0 }]);
  });

  it("another symbol does not wait", () => {
    const trader = Trader.ready();
    trader.want();
    trader.warmUp("SPX");
    trader.view.fold(quote("SPX", 199_990n, 200_010n));
    expect(proposed(trader.want({ symbol: "SPX" })).length).toBe(1);
  });

  it("signals that come faster than the Hedger answers are traded all the same, the newest, on the one answer", () => {
    const trader = Trader.ready();
    trader.signal();
    const question = trader.asked("HedgerService.Quote");
    for (const confidence of [0.7, 0.8])
      expect(trader.signal({ confidence, explanation: `${confidence}` })).toEqual([]);
    expect(proposed(trader.cover({ explanation: "no hedge" }, question))).toMatchObject([
      { side: 1, explanation: "0.8" },
    ]);
  });

  it("an answer is for its quantity: half of it is covered at half the price", () => {
    const trader = Trader.ready();
    trader.signal();
    const question = trader.asked("HedgerService.Quote");
    expect(question.payload).toMatchObject({ quantity: { units: 500n } });
    trader.signal({ direction: 0.5, expectedReturn: 0.00131 });
    const effects = trader.cover({ hedgeSymbol: "SPX", cost: money(50_00n) }, question);
    expect(proposed(effects)).toMatchObject([{ quantity: { units: 250n } }]);
  });

  it("a newer signal for the other side, or for none, does not wait for an answer, which then is nothing", () => {
    for (const direction of [-1, 0]) {
      const trader = Trader.ready();
      trader.fill("BUY", 100n);
      trader.signal();
      const first = trader.asked("HedgerService.Quote").id;
      const effects = trader.signal({ direction, explanation: "second" });
      if (direction === 0) expect(proposed(effects)).toMatchObject([{ side: 2, reduceOnly: true }]);
      else expect(trader.asked("HedgerService.Quote").id).not.toBe(first);
      const before = trader.state;
      expect(trader.take({ kind: "no-answer", id: first, code: "UNAVAILABLE" })).toEqual([]);
      expect(trader.state).toBe(before);
    }
  });

  it("what has waited past its horizon opens nothing, but still leaves", () => {
    for (const [direction, expected] of [
      [1, ["TOO_LATE"]],
      [0, []],
    ] as const) {
      const trader = Trader.ready();
      trader.fill("BUY", 100n);
      trader.want();
      trader.signal({ direction, horizonMs: BigInt(DAY_MS), explanation: "late" });
      trader.nowMs += DAY_MS + 1;
      expect(decisions(trader.reject())).toEqual(expected);
      expect(proposed(trader.effects).length).toBe(direction === 0 ? 1 : 0);
    }
  });
});

describe("how an order ends", () => {
  it.each([
    ["expired without a fill", OrderStatus.EXPIRED],
    ["canceled without a fill", OrderStatus.CANCELED],
    ["never sent", OrderStatus.NOT_SENT],
  ])("%s: tried once more, under the next attempt, and no more often than it may", (_, status) => {
    const trader = Trader.ready({ attemptsMax: 3 });
    const keys = new Set<string>();
    trader.want();
    for (const attempt of [1, 2]) {
      keys.add(trader.intentKey);
      trader.work();
      trader.report(status);
      expect(proposed(trader.cover())).toMatchObject([{ attempt }]);
    }
    keys.add(trader.intentKey);
    expect(keys.size).toBe(3);
    trader.work();
    expect(trader.report(status)).toEqual([]);
    expect(trader.state).toMatchObject({ proposals: {}, wishes: {} });
  });

  it.each<[string, (trader: Trader) => readonly Effect[]]>([
    [
      "filled in part, then expired",
      (trader) => {
        trader.work();
        trader.fill("BUY", 10n);
        return trader.report(OrderStatus.EXPIRED);
      },
    ],
    ["refused by Policy", (trader) => trader.reject()],
    [
      "refused at the gate",
      (trader) => {
        trader.work();
        return trader.report(OrderStatus.REJECTED);
      },
    ],
  ])("%s: not tried again", (_, end) => {
    const trader = Trader.ready({ attemptsMax: 5 });
    trader.want();
    expect(end(trader)).toEqual([]);
    expect(trader.state).toMatchObject({ proposals: {}, wishes: {} });
  });

  it("no answer from Policy ends the proposal, on record, and a late permit is not used", () => {
    const trader = Trader.ready();
    trader.want();
    const { intentKey } = trader;
    expect(decisions(trader.silence("PolicyService.Validate"))).toEqual(["NO_ANSWER"]);
    expect(trader.state).toMatchObject({ proposals: {}, wishes: {} });
    const before = trader.state;
    const late = create(PermitIssuedSchema, { intentKey, permit: create(SignedSchema) });
    expect(trader.take(message("permit.issued", late))).toEqual([]);
    expect(trader.state).toBe(before);
  });
});

it("what says nothing to it leaves the very same state", () => {
  const trader = Trader.ready();
  trader.want();
  const before = trader.state;
  for (const input of [
    message("order.accepted", create(OrderAcceptedSchema, { intentKey: "another" })),
    message("hedge.placed", create(HedgePlacedSchema, {})),
    { kind: "no-answer", id: "another", code: "UNAVAILABLE" },
  ] as const) {
    expect(trader.take(input)).toEqual([]);
    expect(trader.state).toBe(before);
  }
});
