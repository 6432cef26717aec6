/** For tests: one Portfolio at its desk, with the market and the clock in the test's hand. */
import { create } from "@bufbuild/protobuf";
import {
  type FenceState,
  type HedgeQuote,
  HedgeQuoteSchema,
  OrderAcceptedSchema,
  OrderRejectedSchema,
  OrderReportedSchema,
  type OrderStatus,
  PermitIssuedSchema,
  type Signal,
  SignalSchema,
  SignedSchema,
} from "@countersign/contracts";
import {
  answer,
  bar,
  causeOf,
  DAY_MS,
  deposit,
  desk,
  filled,
  message,
  noAnswer,
  openFence,
  quote,
  START_MS,
} from "@countersign/proposer/testing";
import { type CallEffect, decodeJson, type Effect, encodeJson, type Input } from "@countersign/runtime";
import { deepFreeze } from "@countersign/runtime/testing";
import type { PortfolioConfig } from "../config.ts";
import { makePortfolio } from "../main.ts";
import { initialState, type PortfolioState } from "./state.ts";
import { PortfolioView } from "./view.ts";

export const config: PortfolioConfig = {
  ...desk,
  targetVolatility: 0.2,
  weightMax: 0.5,
  noTradeBand: 0.05,
  bandDeviations: 3,
  attemptsMax: 2,
};

export class Trader {
  readonly view = new PortfolioView();
  state: PortfolioState = deepFreeze(initialState());
  fence: FenceState = openFence;
  nowMs = START_MS;
  /** Of the last input. */
  effects: readonly Effect[] = [];
  readonly #agent;
  #inputs = 0;
  #bars = 0;

  constructor(change: Partial<PortfolioConfig> = {}) {
    this.#agent = makePortfolio({ ...config, ...change });
  }

  /** 100,000.00 USD, AAPL at 100.00 with a volatility of about 16 % a year. */
  static ready(change: Partial<PortfolioConfig> = {}): Trader {
    const trader = new Trader(change);
    trader.take(deposit("100000.00"));
    trader.warmUp("AAPL");
    trader.view.fold(quote("AAPL", 9_999n, 10_001n));
    return trader;
  }

  /** As many returns of 1 %, up and down in turn. */
  warmUp(symbol: string, returns = 30): void {
    for (let n = 0; n <= returns; n++) this.view.fold(bar(symbol, n % 2 === 0 ? 10_000n : 10_100n, this.#bars++));
  }

  /** State in is frozen; state out is what a store would give back. */
  take(input: Input): readonly Effect[] {
    if (this.#agent.keyOf(input) === undefined) return [];
    const { view, fence, nowMs } = this;
    const cause = causeOf(++this.#inputs);
    const context = { nowMs, view, fence, auditTrailing: 0, cause };
    const { state, effects } = this.#agent.decide(this.state, input, context);
    if (state !== this.state) this.state = deepFreeze(decodeJson(encodeJson(state)) as PortfolioState);
    this.effects = effects;
    return effects;
  }

  signal(change: Partial<Omit<Signal, "$typeName">> = {}): readonly Effect[] {
    const said = { symbol: "AAPL", strategy: "strategy:trend@1", direction: 1, confidence: 0.6, expectedReturn: 0.02 };
    const rest = { horizonMs: BigInt(5 * DAY_MS), explanation: "it rises" };
    return this.take(message("market.signal", create(SignalSchema, { ...said, ...rest, ...change })));
  }

  /** The Hedger's answer, to the question of the last input unless another is named. */
  cover(
    quoted: Partial<Omit<HedgeQuote, "$typeName">> = { explanation: "no hedge" },
    { id } = this.asked("HedgerService.Quote"),
  ): readonly Effect[] {
    return this.take(answer(id, "hedge.quote", create(HedgeQuoteSchema, quoted)));
  }

  /** A signal and the Hedger's word that it has no cover: the intent, if there is one. */
  want(change: Partial<Omit<Signal, "$typeName">> = {}): readonly Effect[] {
    this.signal(change);
    return this.effects.some(({ kind }) => kind === "call" && this.asks("HedgerService.Quote"))
      ? this.cover()
      : this.effects;
  }

  permit(): readonly Effect[] {
    const permit = create(SignedSchema, { payloadType: "permit" });
    return this.take(message("permit.issued", create(PermitIssuedSchema, { intentKey: this.intentKey, permit })));
  }

  reject(code = "POSITION_LIMIT"): readonly Effect[] {
    return this.take(message("order.rejected", create(OrderRejectedSchema, { intentKey: this.intentKey, code })));
  }

  /** Permit and acceptance. */
  work(): void {
    this.permit();
    this.take(message("order.accepted", create(OrderAcceptedSchema, { intentKey: this.intentKey })));
  }

  report(status: OrderStatus): readonly Effect[] {
    return this.take(message("order.reported", create(OrderReportedSchema, { intentKey: this.intentKey, status })));
  }

  /** At the price it is then marked at: equity stays what it was. */
  fill(side: "BUY" | "SELL", quantity: bigint): readonly Effect[] {
    const price = side === "BUY" ? 9_999n : 10_001n;
    const intentKey = Object.keys(this.state.proposals)[0] ?? "";
    return this.take(filled({ symbol: "AAPL", side, quantity, price, intentKey }));
  }

  silence(call: string): readonly Effect[] {
    return this.take(noAnswer(this.asked(call).id));
  }

  /** Of the one proposal under way. */
  get intentKey(): string {
    const [key, ...others] = Object.keys(this.state.proposals);
    if (key === undefined || others.length > 0) throw new Error(`${others.length} proposals too many, or none`);
    return key;
  }

  asks(call: string): boolean {
    return this.effects.some((effect) => effect.kind === "call" && effect.call === call);
  }

  asked(call: string): CallEffect {
    const effect = this.effects.find((one) => one.kind === "call" && one.call === call);
    if (effect?.kind !== "call") throw new Error(`${call} was not asked`);
    return effect;
  }
}
