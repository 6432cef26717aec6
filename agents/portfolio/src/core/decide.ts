/**
 * From signals to intents. A signal becomes a wish; a wish asks the Hedger what cover would cost, becomes an intent, and is gone when
 * its order has ended. One order per symbol at a time: a newer signal replaces the wish that waits.
 */
import { create } from "@bufbuild/protobuf";
import {
  DecisionMadeSchema,
  type HedgeQuote,
  HedgeQuoteRequestSchema,
  haltCovering,
  type Signal,
} from "@countersign/contracts";
import { moneyFromWire, quantityToWire, sides, toNumber } from "@countersign/orders";
import { advance, type Ended, foldAccount, propose, writeIntent } from "@countersign/proposer";
import type { Cause, Context, Decision, Effect, Input } from "@countersign/runtime";
import type { PortfolioConfig } from "../config.ts";
import { costOf } from "./cost.ts";
import type { PortfolioState, Wish } from "./state.ts";
import { targetOf } from "./target.ts";
import type { PortfolioView } from "./view.ts";

type Step = Decision<PortfolioState>;

export function decide(
  state: PortfolioState,
  input: Input,
  context: Context<PortfolioView>,
  config: PortfolioConfig,
): Step {
  const book = foldAccount(state.book, input, config.reading);
  const heard = book === state.book ? state : { ...state, book };
  if (input.kind === "message" && input.type === "market.signal")
    return onSignal(heard, input.payload as Signal, context, config);
  if (input.kind === "answer" && input.type === "hedge.quote")
    return onCover(heard, input.id, input.payload as HedgeQuote, context, config);
  if (input.kind === "no-answer" && coverOf(heard, input.id) !== undefined) return noCover(heard, input.id, input.code);
  const progress = advance(heard.proposals, input, context.cause);
  const moved = progress.proposals === heard.proposals ? heard : { ...heard, proposals: progress.proposals };
  if (progress.ended === undefined) return { state: moved, effects: progress.effects };
  const after = onEnded(moved, progress.ended, context, config);
  return { state: after.state, effects: [...progress.effects, ...after.effects] };
}

function onSignal(
  state: PortfolioState,
  signal: Signal,
  context: Context<PortfolioView>,
  config: PortfolioConfig,
): Step {
  const { symbol, strategy, direction, confidence, expectedReturn, explanation } = signal;
  if (!symbol || !strategy || direction === undefined || confidence === undefined || expectedReturn === undefined) {
    return {
      state,
      effects: [
        note(context.cause, symbol ?? "?", "INCOMPLETE_SIGNAL", "the signal lacks a field: nothing is made up"),
      ],
    }; // P10.signal
  }
  const { cause } = context;
  const wanted = {
    symbol,
    signalId: cause.msgId,
    strategy,
    direction,
    confidence,
    expectedReturn,
    explanation: explanation ?? "",
    attempt: 0,
  };
  const wishes = { ...state.wishes, [symbol]: { wanted, cause, asksCover: false } };
  return pursue({ ...state, wishes }, symbol, context, config);
}

/** Does the next thing for a wish: nothing while an order of its symbol is under way, else drops it, asks for cover, or proposes. */
function pursue(state: PortfolioState, symbol: string, context: Context<PortfolioView>, config: PortfolioConfig): Step {
  const wish = state.wishes[symbol];
  if (wish === undefined || Object.values(state.proposals).some((one) => one.symbol === symbol))
    return { state, effects: [] };
  const { wanted, cause } = wish;
  const subject = { account: config.reading.account, strategy: wanted.strategy, symbol, venue: config.venue };
  const halt = haltCovering(context.fence, subject);
  if (halt !== undefined)
    return drop(state, wish, "HALTED", `trading is halted (${halt.id.slice(0, 8)}): not proposed`);
  const target = targetOf(wanted, state.book, context.view, config);
  if (!target.ok) return drop(state, wish, target.code, target.text);
  // Leaving a position needs no edge and no cover.
  if (target.reduces) return order(state, wish, context, config, undefined);
  const id = coverId(wish);
  const ask: Effect = {
    kind: "call",
    id,
    call: "HedgerService.Quote",
    to: "hedger",
    type: "hedge.quote-request",
    payload: create(HedgeQuoteRequestSchema, {
      account: config.reading.account,
      symbol,
      side: sides.toWire(target.side),
      quantity: quantityToWire(target.quantity),
    }),
    intent: "COVER",
    idempotencyKey: id,
    cause,
  };
  return { state: withWish(state, { ...wish, asksCover: true }), effects: [ask] };
}

function onCover(
  state: PortfolioState,
  id: string,
  quote: HedgeQuote,
  context: Context<PortfolioView>,
  config: PortfolioConfig,
): Step {
  const wish = coverOf(state, id);
  return wish === undefined ? { state, effects: [] } : order(state, wish, context, config, quote);
}

/** Cover that nobody can price is a risk that nobody has seen: the wish is given up (P10). */
function noCover(state: PortfolioState, id: string, code: string): Step {
  const wish = coverOf(state, id);
  return wish === undefined
    ? { state, effects: [] }
    : drop(state, wish, "NO_COVER", `the Hedger did not answer: ${code}`);
}

function order(
  state: PortfolioState,
  wish: Wish,
  context: Context<PortfolioView>,
  config: PortfolioConfig,
  cover: HedgeQuote | undefined,
): Step {
  const { wanted, cause } = wish;
  const { symbol } = wanted;
  const target = targetOf(wanted, state.book, context.view, config);
  if (!target.ok) return drop(state, wish, target.code, target.text);
  const coverCost = moneyFromWire(cover?.cost);
  const cost = costOf(target, coverCost === undefined ? 0 : toNumber(coverCost));
  if (!target.reduces && wanted.expectedReturn <= cost) {
    const text = `expects ${percent(wanted.expectedReturn)}, costs there and back ${percent(cost)}: no edge`;
    return drop(state, wish, "NO_EDGE", text);
  }
  const { intentKey, bytes } = writeIntent({
    account: config.reading.account,
    venue: config.venue,
    symbol,
    side: target.side,
    quantity: target.quantity,
    bandLow: target.bandLow,
    bandHigh: target.bandHigh,
    reduceOnly: target.reduces,
    mode: config.mode,
    proposer: "portfolio",
    principal: wanted.strategy,
    signalId: wanted.signalId,
    leg: "target",
    attempt: wanted.attempt,
    confidence: wanted.confidence,
    expectedReturn: wanted.expectedReturn,
    features: {
      direction: wanted.direction,
      weight: target.weight,
      volatility: target.volatility,
      cost,
      ...(cover?.beta === undefined ? {} : { beta: cover.beta }),
    },
    explanation: wanted.explanation,
    quotes: [target.last.ref],
    decidedAtMs: context.nowMs,
  });
  const asked = propose(state.proposals, { intentKey, bytes, symbol, attempt: wanted.attempt }, cause);
  return {
    state: { ...withWish(state, { ...wish, asksCover: false }), proposals: asked.proposals },
    effects: asked.effects,
  };
}

/** Filled, or refused for a reason: the wish is done. Missed by the market: once more, if it may. A newer wish goes on at once. */
function onEnded(
  state: PortfolioState,
  { proposal, outcome }: Ended,
  context: Context<PortfolioView>,
  config: PortfolioConfig,
): Step {
  const { symbol } = proposal;
  const wish = state.wishes[symbol];
  if (wish === undefined) return { state, effects: [] };
  const isNewer = wish.cause.msgId !== proposal.cause.msgId;
  if (isNewer) return pursue(state, symbol, context, config);
  const missed = !outcome.filled && (outcome.code === "CANCELED" || outcome.code === "EXPIRED");
  if (!missed || proposal.attempt + 1 >= config.attemptsMax) return { state: withoutWish(state, symbol), effects: [] };
  const again = { ...wish, wanted: { ...wish.wanted, attempt: proposal.attempt + 1 } };
  return pursue(withWish(state, again), symbol, context, config);
}

function drop(state: PortfolioState, { wanted, cause }: Wish, code: string, text: string): Step {
  return { state: withoutWish(state, wanted.symbol), effects: [note(cause, wanted.symbol, code, text)] };
}

function note(cause: Cause, symbol: string, decision: string, explanation: string): Effect {
  const payload = create(DecisionMadeSchema, { subject: symbol, decision, explanation });
  return {
    kind: "publish",
    topic: "audit.records.v1",
    key: "portfolio",
    type: "decision.made",
    payload,
    intent: "DECIDE",
    cause,
  };
}

function coverOf(state: PortfolioState, id: string): Wish | undefined {
  return Object.values(state.wishes).find((wish) => wish.asksCover && coverId(wish) === id);
}

function coverId({ wanted }: Wish): string {
  return `cover ${wanted.signalId} ${wanted.attempt}`;
}

function withWish(state: PortfolioState, wish: Wish): PortfolioState {
  return { ...state, wishes: { ...state.wishes, [wish.wanted.symbol]: wish } };
}

function withoutWish(state: PortfolioState, symbol: string): PortfolioState {
  const { [symbol]: _, ...wishes } = state.wishes;
  return { ...state, wishes };
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(3)} %`;
}
