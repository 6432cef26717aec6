/** For tests: one Hedger at its desk, with a market of known betas and the clock in the test's hand. */
import { create } from "@bufbuild/protobuf";
import {
  type FenceState,
  type HedgeQuote,
  HedgeQuoteRequestSchema,
  OrderAcceptedSchema,
  OrderRejectedSchema,
  OrderReportedSchema,
  OrderStatus,
  PermitIssuedSchema,
  SignedSchema,
} from "@countersign/contracts";
import { type Side, sides } from "@countersign/orders";
import {
  bar,
  causeOf,
  DAY_MS,
  deposit,
  desk,
  filled,
  instruments,
  message,
  noAnswer,
  openFence,
  quote,
  START_MS,
} from "@countersign/proposer/testing";
import { gaussian, Prng } from "@countersign/quant";
import { decodeJson, type Effect, encodeJson, type Input, type MarketMessage } from "@countersign/runtime";
import { deepFreeze } from "@countersign/runtime/testing";
import type { HedgerConfig } from "../config.ts";
import { makeHedger } from "../main.ts";
import { type HedgerState, initialState } from "./state.ts";
import { HedgerView } from "./view.ts";

export const config: HedgerConfig = {
  ...desk,
  hedgeSymbol: "SPX",
  window: 30,
  effectivenessMin: 0.3,
  band: 0.1,
  bandInStress: 0.02,
  bandDeviations: 3,
};

/** Closes of so many days of AAPL and SPX, up to 100 and 2,000, in units: AAPL's return is beta × SPX's and a noise of its own. */
export function pairs(days: number, { beta = 1.5, noise = 0.002, seed = 1n, sigma = 0.01 } = {}): [bigint, bigint][] {
  const prng = new Prng(seed);
  let [stock, index] = [1, 1];
  const closes = Array.from({ length: days }, () => {
    const move = sigma * gaussian(prng);
    index *= 1 + move;
    stock *= 1 + beta * move + noise * gaussian(prng);
    return [stock, index] as const;
  });
  return closes.map(([a, b]) => [BigInt(Math.round((a / stock) * 10_000)), BigInt(Math.round((b / index) * 200_000))]);
}

export function barsOf(closes: readonly (readonly [bigint, bigint])[], from = 0): MarketMessage[] {
  return closes.flatMap(([stock, index], n) => [bar("AAPL", stock, from + n), bar("SPX", index, from + n)]);
}

export class Cover {
  readonly view: HedgerView;
  state: HedgerState = deepFreeze(initialState());
  fence: FenceState = openFence;
  nowMs = START_MS;
  /** Of the last input. */
  effects: readonly Effect[] = [];
  readonly #agent;
  #inputs = 0;
  #bars = 0;

  constructor(change: Partial<HedgerConfig> = {}) {
    this.#agent = makeHedger({ ...config, ...change });
    this.view = new HedgerView({ ...config, ...change });
  }

  /** 100,000.00 USD; AAPL at 100 moves 1.5 times as much as SPX at 2,000. */
  static ready(change: Partial<HedgerConfig> = {}, market = pairs(40)): Cover {
    const cover = new Cover(change);
    cover.take(deposit("100000.00"));
    cover.warmUp(market);
    cover.quote("AAPL", 9_999n, 10_001n);
    cover.quote("SPX", 199_990n, 200_010n);
    return cover;
  }

  warmUp(market: readonly (readonly [bigint, bigint])[]): void {
    for (const message of barsOf(market, this.#bars)) this.view.fold(message);
    this.#bars += market.length;
  }

  quote(symbol: string, bid: bigint, ask: bigint): void {
    this.view.fold(quote(symbol, bid, ask));
  }

  /** One more day for both: the trigger that follows is decided upon. */
  day(stock = 10_000n, index = 200_000n): readonly Effect[] {
    const effects: Effect[] = [];
    this.nowMs += DAY_MS;
    for (const message of barsOf([[stock, index]], this.#bars++)) {
      const trigger = this.view.fold(message);
      if (trigger !== undefined) effects.push(...this.take({ kind: "market", ...trigger }));
    }
    return effects;
  }

  /** State in is frozen; state out is what a store would give back. */
  take(input: Input): readonly Effect[] {
    if (this.#agent.keyOf(input) === undefined) return [];
    const { view, fence, nowMs } = this;
    const context = { nowMs, view, fence, auditTrailing: 0, cause: causeOf(++this.#inputs) };
    const { state, effects } = this.#agent.decide(this.state, input, context);
    if (state !== this.state) this.state = deepFreeze(decodeJson(encodeJson(state)) as HedgerState);
    this.effects = effects;
    return effects;
  }

  /** Somebody's order has filled, at the price it is then marked at. */
  fill(side: Side, quantity: bigint, symbol = "AAPL", intentKey = ""): readonly Effect[] {
    const { bid, ask } = this.view.quotes.last(symbol) ?? { bid: { units: 5_000n }, ask: { units: 5_000n } };
    const price = side === "BUY" ? bid.units : ask.units;
    return this.take(filled({ symbol, side, quantity, price, intentKey }));
  }

  permit(): readonly Effect[] {
    const permit = create(SignedSchema, { payloadType: "permit" });
    return this.take(message("permit.issued", create(PermitIssuedSchema, { intentKey: this.intentKey, permit })));
  }

  accept(): readonly Effect[] {
    return this.take(message("order.accepted", create(OrderAcceptedSchema, { intentKey: this.intentKey })));
  }

  reject(): readonly Effect[] {
    return this.take(message("order.rejected", create(OrderRejectedSchema, { intentKey: this.intentKey, code: "NO" })));
  }

  report(status: OrderStatus, intentKey = this.intentKey): readonly Effect[] {
    return this.take(message("order.reported", create(OrderReportedSchema, { intentKey, status })));
  }

  silence(): readonly Effect[] {
    return this.take(noAnswer(`validate ${this.intentKey}`));
  }

  /** The hedge under way fills whole. */
  placed(): readonly Effect[] {
    const { intentKey } = this;
    const placing = this.state.placing;
    if (placing === undefined) throw new Error("nothing is being placed");
    this.permit();
    this.accept();
    this.fill(placing.side, placing.quantity.units, placing.symbol, intentKey);
    return this.report(OrderStatus.FILLED);
  }

  ask(quantity: bigint, side: Side = "BUY", symbol = "AAPL"): HedgeQuote {
    const size = { units: quantity, scale: instruments.get(symbol)?.quantityScale ?? 0 };
    return this.askFor({ account: "main", symbol, side: sides.toWire(side), quantity: size });
  }

  askFor(request: Parameters<typeof create<typeof HedgeQuoteRequestSchema>>[1]): HedgeQuote {
    const { body } = message("hedge.quote-request", create(HedgeQuoteRequestSchema));
    const payload = create(HedgeQuoteRequestSchema, request);
    this.take({ kind: "call", call: "HedgerService.Quote", type: "hedge.quote-request", body, payload });
    const [reply] = this.effects;
    if (this.effects.length !== 1 || reply?.kind !== "reply") throw new Error("one reply is an answer");
    return reply.payload as HedgeQuote;
  }

  /** Of the one proposal under way. */
  get intentKey(): string {
    const [key, ...others] = Object.keys(this.state.proposals);
    if (key === undefined || others.length > 0) throw new Error(`${others.length} proposals too many, or none`);
    return key;
  }

  /** Units of SPX. */
  get hedge(): bigint {
    return this.state.account.book.positions.SPX?.quantity.units ?? 0n;
  }
}
