/**
 * P10 Unknown is no. A missing price, limit, balance, key, clock or model output denies; it is never zero.
 *
 * The real Policy, Portfolio, Hedger and venue gate. In each test one thing is missing and everything else is there; the same scene with
 * it goes through, so that the denial is the answer to that one thing.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { openRedisCache } from "@countersign/cache";
import {
  Mode,
  type Money,
  MoneySchema,
  type OrderIntent,
  OrderIntentSchema,
  OrderType,
  type Quote,
  QuoteSchema,
  Side,
  type Signal,
  TimeInForce,
} from "@countersign/contracts";
import { bar, deposit, filled, quote } from "@countersign/proposer/testing";
import { describe, expect, it } from "vitest";
import { intentOf as gateIntent } from "../../agents/execution/test/world.ts";
import { Cover, pairs } from "../../agents/hedger/src/core/testing.ts";
import { Desk } from "../../agents/policy/src/testing.ts";
import { type Ask, generous, intentOf, limitsOf, signer } from "../../agents/policy/src/testing-world.ts";
import { Trader } from "../../agents/portfolio/src/core/testing.ts";
import { refusedAtGate, sendThroughGate, written } from "./support/gate.ts";
import { asksHedger, asksPolicy, permitted, said } from "./support/p10-said.ts";

describe("the venue gate writes nothing", () => {
  it("unless everything is known", () => {
    expect(sendThroughGate()).toEqual(written);
  });

  it("P10.gate-clock: without a clock: NO_CLOCK by the gate", () => {
    expect(sendThroughGate({ facts: { nowMs: () => undefined } })).toEqual(refusedAtGate("NO_CLOCK"));
    expect(sendThroughGate({ facts: { nowMs: () => Number.NaN } })).toEqual(refusedAtGate("NO_CLOCK"));
  });

  it("P10.gate-instrument: in what is no instrument here: NO_INSTRUMENT by the gate", () => {
    expect(sendThroughGate({ config: { instruments: new Map() } })).toEqual(refusedAtGate("NO_INSTRUMENT"));
  });

  it("P10.gate-currency: in a currency in which its ceiling says nothing: WRONG_CURRENCY by the gate", () => {
    expect(sendThroughGate({ intent: gateIntent({ symbol: "SAP" }) })).toEqual(refusedAtGate("WRONG_CURRENCY"));
  });

  it("P10.gate-price: in what it has seen no price of: NO_PRICE by the gate", () => {
    expect(sendThroughGate({ unpriced: true })).toEqual(refusedAtGate("NO_PRICE"));
  });
});

describe("Policy permits nothing", () => {
  const small: Ask = { quantity: 1n };
  const rule = (metric: string, more: object) => [{ metric, scope: "symbol", action: "reject", ...more }];
  const atMost = { comparator: ">", threshold: "100" };
  const asked = (desk: Desk, ask: Ask = small) => said(() => desk.ask(ask).effects);
  const refuses = (code: string) => [`policy refuses: ${code}`];

  it("unless everything is known", () => {
    expect(asked(Desk.open())).toEqual([permitted]);
  });

  it("P10.limit: without a limit: BAD_LIMITS, so that it does not even start", () => {
    const code = { code: "BAD_LIMITS", message: expect.stringMatching(/: rules: expected at least one rule/) };
    expect(() => limitsOf([])).toThrow(expect.objectContaining(code));
  });

  it("P10.key: without a key that could sign: NO_KEY", () => {
    expect(asked(Desk.open([generous], {}, { permitKeyid: "nobody's" }))).toEqual(refuses("NO_KEY"));
    // Nor with a key of another purpose.
    const { keyid } = signer("person:ana");
    expect(asked(Desk.open([generous], {}, { permitKeyid: keyid }))).toEqual(refuses("NO_KEY"));
  });

  it("P10.mark: without a price of what is ordered, or of what is held: NO_MARK", () => {
    const unquoted = new Desk();
    unquoted.deposit(10_000_000n);
    expect(asked(unquoted)).toEqual(refuses("NO_MARK"));
    unquoted.quote("AAPL", 10_000n, 10_000n);
    expect(asked(unquoted, { ...small, key: "priced" })).toEqual([permitted]);
    unquoted.fill({ key: "held", symbol: "SPX", quantity: 100n, quantityScale: 2 }, 100n, 200_000n);
    expect(asked(unquoted, { ...small, key: "another" })).toEqual(refuses("NO_MARK"));
  });

  it("P10.equity: without equity, when all would be filled: NO_EQUITY", () => {
    // 100,000 USD; each of a thousand shares bought at 200 is marked at 100.
    const all: Ask = { quantity: 1_000n, limit: 20_000n };
    expect(asked(Desk.open(), all)).toEqual(refuses("NO_EQUITY"));
    expect(asked(Desk.open(), { ...all, quantity: 999n })).toEqual([permitted]);
  });

  it("without a deposit: NO_EQUITY", () => {
    const desk = new Desk();
    desk.quote("AAPL", 10_000n, 10_000n);
    expect(asked(desk)).toEqual(refuses("NO_EQUITY"));
  });

  it("P10.liquidity: without a displayed size, or with none displayed: NO_LIQUIDITY", () => {
    const rules = rule("liquidity", atMost);
    expect(asked(Desk.open(rules))).toEqual([permitted]);
    for (const size of [null, 0n]) {
      const desk = Desk.open(rules);
      desk.quote("AAPL", 10_000n, 10_000n, size);
      expect(asked(desk)).toEqual(refuses("NO_LIQUIDITY"));
    }
  });

  it("P10.confidence: when the proposer does not say how certain it is: NO_CONFIDENCE", () => {
    const rules = rule("confidence", { scope: "account", comparator: "<", threshold: "0.1" });
    expect(asked(Desk.open(rules))).toEqual([permitted]);
    for (const confidence of [undefined, Number.NaN, Number.POSITIVE_INFINITY])
      expect(asked(Desk.open(rules), { ...small, confidence })).toEqual(refuses("NO_CONFIDENCE"));
  });

  it("P10.volatility: while too few returns are known, or none moved: NO_VOLATILITY", () => {
    const rules = rule("volatility", { ...atMost, window: 5 });
    const withBars = (closes: readonly bigint[]) => {
      const desk = Desk.open(rules);
      for (const close of closes) desk.bar("AAPL", close);
      return asked(desk);
    };
    expect(withBars([])).toEqual(refuses("NO_VOLATILITY"));
    expect(withBars([100n, 101n, 100n, 101n, 100n])).toEqual(refuses("NO_VOLATILITY"));
    expect(withBars([100n, 101n, 100n, 101n, 100n, 101n])).toEqual([permitted]);
  });

  it("P10.var: while too few returns are known: NO_VAR", () => {
    const rules = rule("var_historical", { ...atMost, window: 10, confidence: "0.9" });
    const withBars = (bars: number) => {
      const desk = Desk.open(rules);
      for (let n = 0; n < bars; n++, desk.nowMs += 86_400_000) desk.bar("AAPL", n % 2 === 0 ? 100n : 101n);
      return asked(desk);
    };
    expect(withBars(10)).toEqual(refuses("NO_VAR"));
    expect(withBars(11)).toEqual([permitted]);
  });
});

describe("Portfolio wants nothing", () => {
  const drops = (code: string) => [`portfolio drops it: ${code}`];
  const signalled = (trader: Trader, change: Partial<Omit<Signal, "$typeName">> = {}) =>
    said(() => trader.signal(change));
  const covered = (cost: Partial<Money> | undefined) => {
    const trader = Trader.ready();
    trader.signal();
    return said(() => trader.cover({ hedgeSymbol: "SPX", ...(cost && { cost: create(MoneySchema, cost) }) }));
  };

  it("unless everything is known", () => {
    expect(signalled(Trader.ready())).toEqual([asksHedger]);
    expect(covered({ units: 1n, scale: 2, currency: "USD" })).toEqual([asksPolicy]);
  });

  it.each(["direction", "confidence", "expectedReturn"] as const)(
    "P10.signal: of a model that gives no %s, or none that is a number: BAD_SIGNAL",
    (output) => {
      for (const none of [undefined, Number.NaN, Number.POSITIVE_INFINITY])
        expect(signalled(Trader.ready(), { [output]: none })).toEqual(drops("BAD_SIGNAL"));
    },
  );

  it("P10.portfolio-price: without a price: NO_PRICE", () => {
    const trader = new Trader();
    trader.take(deposit("100000.00"));
    trader.warmUp("AAPL");
    expect(signalled(trader)).toEqual(drops("NO_PRICE"));
  });

  it("P10.proposer-quote: a bid of nothing is no price: NO_PRICE", () => {
    for (const [bid, ask] of [
      [0n, 10_001n],
      [-1n, 10_001n],
      [10_002n, 10_001n],
    ] as const) {
      const trader = Trader.ready();
      trader.view.fold(quote("AAPL", bid, ask, 2));
      expect(signalled(trader)).toEqual(drops("NO_PRICE"));
    }
  });

  it("P10.portfolio-volatility: while too few returns are known: NO_VOLATILITY", () => {
    for (const returns of [0, 19, 20]) {
      const trader = new Trader();
      trader.take(deposit("100000.00"));
      trader.warmUp("AAPL", returns);
      trader.view.fold(quote("AAPL", 9_999n, 10_001n));
      expect(signalled(trader)).toEqual(returns < 20 ? drops("NO_VOLATILITY") : [asksHedger]);
    }
  });

  it("P10.portfolio-equity: without a deposit: NO_EQUITY", () => {
    const trader = new Trader();
    trader.warmUp("AAPL");
    trader.view.fold(quote("AAPL", 9_999n, 10_001n));
    expect(signalled(trader)).toEqual(drops("NO_EQUITY"));
  });

  it("P10.proposer-mark: while something that is held has no price, as if it were worth its last: NO_EQUITY", () => {
    const trader = Trader.ready();
    trader.take(filled({ symbol: "MSFT", side: "BUY", quantity: 100n, price: 5_000n }));
    expect(signalled(trader)).toEqual(drops("NO_EQUITY"));
    trader.view.fold(quote("MSFT", 4_999n, 5_001n));
    expect(signalled(trader)).toEqual([asksHedger]);
  });

  it("P10.portfolio-cover: whose cover has a name and no price, as if it were free: NO_COVER", () => {
    for (const cost of [undefined, {}, { units: 0n }, { scale: 2, currency: "USD" }])
      expect(covered(cost)).toEqual(drops("NO_COVER"));
  });

  it("that nobody answers: an answer that does not come is no answer", () => {
    const trader = Trader.ready();
    trader.signal();
    expect(said(() => trader.silence("HedgerService.Quote"))).toEqual(drops("NO_COVER"));
    const other = Trader.ready();
    other.signal();
    other.cover();
    expect(said(() => other.silence("PolicyService.Validate"))).toEqual(drops("NO_ANSWER"));
  });
});

describe("Hedger hedges nothing", () => {
  /** It buys AAPL for half of the account, and says what it does about it. */
  const exposed = (cover: Cover) => said(() => cover.fill("BUY", 500n));

  it("unless everything is known", () => {
    expect(exposed(Cover.ready())).toEqual([asksPolicy]);
  });

  it("P10.hedger-beta: by a beta that may as well be chance", () => {
    // A stock with a large noise of its own: an estimate far from zero, and nothing certain about it.
    const cover = Cover.ready({}, pairs(40, { beta: 3, noise: 0.1 }));
    const estimate = cover.view.betaOf("AAPL");
    expect(estimate?.isBelieved).toBe(false);
    expect(Math.abs(estimate?.beta ?? 0)).toBeGreaterThan(1);
    expect(exposed(cover)).toEqual([]);
    expect(cover.ask(500n)).toMatchObject({ explanation: "no hedge removes enough of its variance for certain" });
    expect(cover.ask(500n).hedgeSymbol).toBeUndefined();
  });

  it("P10.hedger-price: while the hedge has no price", () => {
    const cover = new Cover();
    cover.take(deposit("100000.00"));
    cover.warmUp(pairs(40));
    cover.quote("AAPL", 9_999n, 10_001n);
    expect(exposed(cover)).toEqual([]);
    expect(cover.ask(500n)).toMatchObject({ explanation: "a price is missing" });
    cover.quote("SPX", 199_990n, 200_010n);
    expect(said(() => cover.fill("BUY", 1n))).toEqual([asksPolicy]);
  });
});

describe("a rate limit that replicas share allows nothing more", () => {
  it("P10.rate-share: while nobody knows what the others spent: each has its own share, and no more", async () => {
    const rateLimit = { scope: "policy", perSecond: 0.001, burst: 10, replicas: 2 };
    // Nobody listens there.
    const cache = openRedisCache({ url: "redis://127.0.0.1:1", platform: "p10", rateLimit, nowMs: () => 0 });
    try {
      const answers = [];
      for (let n = 0; n < 12; n++) answers.push((await cache.rateLimit.take("portfolio")).allowed);
      expect(answers).toEqual([...Array(5).fill(true), ...Array(7).fill(false)]);
    } finally {
      await cache.close();
    }
  });
});

describe("what is left out of a message is missing, for everybody, and never zero", () => {
  /** A quote in which one thing is missing or impossible. */
  const broken: readonly (readonly [string, Partial<Quote>])[] = [
    ["no bid", { bidUnits: undefined }],
    ["a bid of zero", { bidUnits: 0n }],
    ["no ask", { askUnits: undefined }],
    ["an ask below the bid", { askUnits: 9_998n }],
    ["no scale", { priceScale: undefined }],
  ];

  it.each(broken)("a quote with %s is no price", (_, change) => {
    const { value: good, ref } = quote("AAPL", 9_999n, 10_001n);
    if (good.$typeName !== "countersign.v1.Quote") throw new Error("it is a quote");
    const value = { ...create(QuoteSchema, good), ...change } as Quote;
    const message = { type: "market.quote", value, ref } as const;

    const policy = new Desk();
    policy.deposit(10_000_000n);
    policy.policy.view.fold(policy.view, message);
    expect(said(() => policy.ask({ quantity: 1n }).effects)).toEqual(["policy refuses: NO_MARK"]);

    const trader = Trader.ready();
    trader.view.fold(message);
    expect(said(() => trader.signal())).toEqual(["portfolio drops it: NO_PRICE"]);

    const cover = Cover.ready();
    cover.view.fold(message);
    expect(cover.ask(500n)).toMatchObject({ explanation: "a price is missing" });
  });

  it("a bar without a close is no return", () => {
    const trader = Trader.ready();
    const before = trader.view.snapshot();
    const { value, ref } = bar("AAPL", 10_000n, 40);
    if (value.$typeName !== "countersign.v1.Bar") throw new Error("it is a bar");
    trader.view.fold({ type: "market.bar", value: { ...value, closeUnits: undefined } as typeof value, ref });
    expect(trader.view.snapshot()).toEqual(before);
  });

  const whole = intentOf({ quantity: 1n });
  const asked = (change: (intent: OrderIntent) => void) => {
    const intent = fromBinary(OrderIntentSchema, whole);
    change(intent);
    return said(() => Desk.open().validate(toBinary(OrderIntentSchema, intent)).effects);
  };
  const mandatory = [
    "intentKey",
    "account",
    "venue",
    "symbol",
    "side",
    "quantity",
    "type",
    "limitPrice",
    "bandLow",
    "bandHigh",
    "timeInForce",
    "reduceOnly",
    "mode",
    "proposer",
    "principal",
    "parent",
  ] as const satisfies readonly (keyof OrderIntent)[];

  it("an intent in which nothing is missing is permitted", () => {
    expect(asked(() => {})).toEqual([permitted]);
  });

  it.each(mandatory)("an intent without its %s is no order: BAD_INTENT", (field) => {
    expect(asked((intent) => delete intent[field])).toEqual(["policy refuses: BAD_INTENT"]);
  });

  it.each(["quantity", "limitPrice", "bandLow", "bandHigh"] as const)("nor with half of its %s", (field) => {
    for (const half of ["units", "scale"] as const)
      expect(asked((intent) => delete intent[field]?.[half])).toEqual(["policy refuses: BAD_INTENT"]);
  });

  it("a word that is not said is none: UNSPECIFIED is refused", () => {
    for (const unsaid of [
      { side: Side.UNSPECIFIED },
      { type: OrderType.UNSPECIFIED },
      { timeInForce: TimeInForce.UNSPECIFIED },
      { mode: Mode.UNSPECIFIED },
    ])
      expect(asked((intent) => Object.assign(intent, unsaid))).toEqual(["policy refuses: BAD_INTENT"]);
  });
});
