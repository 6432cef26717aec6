/** When to hedge, with what, and what it would cost: asked by call, proposed on a fill or a closed bar. */
import { create } from "@bufbuild/protobuf";
import { HedgePlacedSchema, type HedgeQuoteRequest, HedgeQuoteSchema, haltCovering } from "@countersign/contracts";
import { type Book, emptyBook } from "@countersign/ledger";
import {
  fromNumber,
  type Instrument,
  money,
  moneyToWire,
  type Quantity,
  quantity,
  quantityFromWire,
  quantityToWire,
  type Side,
  sides,
  toNumber,
} from "@countersign/orders";
import { advance, foldAccount, type Proposals, propose, writeIntent } from "@countersign/proposer";
import type { Context, Decision, Effect, Input } from "@countersign/runtime";
import type { HedgerConfig } from "../config.ts";
import { type Cover, coverOf } from "./exposure.ts";
import type { HedgerView } from "./view.ts";

/** One aggregate per account. */
export interface HedgerState {
  readonly book: Book;
  readonly proposals: Proposals;
  /** By intent key: what the hedge under way is for, told when its order is accepted. */
  readonly placing: Readonly<Record<string, Placing>>;
}

interface Placing {
  readonly side: Side;
  readonly quantity: Quantity;
  readonly trigger: Cover["trigger"];
  readonly beta: number;
  readonly effectiveness: number;
  readonly exposure: string;
}

export const PRINCIPAL = "strategy:min-variance-hedge@1";

export function initialState(): HedgerState {
  return { book: emptyBook(), proposals: {}, placing: {} };
}

export function decide(
  state: HedgerState,
  input: Input,
  context: Context<HedgerView>,
  config: HedgerConfig,
): Decision<HedgerState> {
  if (input.kind === "call")
    return { state, effects: [quote(input.payload as HedgeQuoteRequest, context.view, config)] };
  const book = foldAccount(state.book, input, config.reading);
  const folded = book === state.book ? state : { ...state, book };
  const progress = advance(folded.proposals, input, context.cause);
  const moved = progress.proposals === folded.proposals ? folded : { ...folded, proposals: progress.proposals };
  const placed =
    input.kind === "message" && input.type === "order.accepted" ? place(moved, progress.proposals, config) : undefined;
  const ended = progress.ended === undefined ? moved : without(moved, progress.ended.proposal.intentKey);
  const told = placed === undefined ? ended : { ...ended, placing: placed.placing };
  const effects = [...progress.effects, ...(placed?.effects ?? [])];
  const isOccasion = book !== state.book || input.kind === "market";
  if (!isOccasion || Object.keys(told.proposals).length > 0) return { state: told, effects };
  const hedged = hedge(told, context, config);
  return { state: hedged.state, effects: [...effects, ...hedged.effects] };
}

function hedge(state: HedgerState, context: Context<HedgerView>, config: HedgerConfig): Decision<HedgerState> {
  const { hedgeSymbol, venue } = config;
  const { account } = config.reading;
  if (hedgeSymbol === undefined) return { state, effects: [] };
  if (haltCovering(context.fence, { account, strategy: PRINCIPAL, symbol: hedgeSymbol, venue }) !== undefined)
    return { state, effects: [] };
  const cover = coverOf(state.book, context.view, config);
  const last = context.view.quotes.last(hedgeSymbol);
  if (cover === undefined || last === undefined) return { state, effects: [] };
  const { beta, effectiveness } = cover.beta;
  const explanation =
    cover.trigger === "unwind"
      ? "nothing is left to cover"
      : `beta ${beta.toFixed(2)} of ${Math.round(cover.gross).toLocaleString("en-US")}${cover.trigger === "volatility" ? ", volatility is up" : ""}`;
  const { intentKey, bytes } = writeIntent({
    account,
    venue,
    symbol: hedgeSymbol,
    side: cover.side,
    quantity: cover.quantity,
    bandLow: cover.bandLow,
    bandHigh: cover.bandHigh,
    reduceOnly: cover.reduces,
    mode: config.mode,
    proposer: "hedger",
    principal: PRINCIPAL,
    signalId: context.cause.msgId,
    leg: "hedge",
    attempt: 0,
    // A hedge is no opinion: it is as certain as the regression it rests on.
    confidence: 1,
    expectedReturn: 0,
    features: { beta, effectiveness, exposure: cover.exposure },
    explanation,
    quotes: [last.ref],
    decidedAtMs: context.nowMs,
  });
  const asked = propose(state.proposals, { intentKey, bytes, symbol: hedgeSymbol, attempt: 0 }, context.cause);
  const placing = {
    side: cover.side,
    quantity: cover.quantity,
    trigger: cover.trigger,
    beta,
    effectiveness,
    exposure: cover.exposure.toFixed(2),
  };
  return {
    state: { ...state, proposals: asked.proposals, placing: { ...state.placing, [intentKey]: placing } },
    effects: asked.effects,
  };
}

/** Tells of the hedges whose order has just been accepted. */
function place(
  state: HedgerState,
  proposals: Proposals,
  config: HedgerConfig,
): { placing: HedgerState["placing"]; effects: readonly Effect[] } | undefined {
  const working = Object.values(proposals).find(
    ({ intentKey, stage }) => stage === "working" && state.placing[intentKey] !== undefined,
  );
  const placing = working === undefined ? undefined : state.placing[working.intentKey];
  if (working === undefined || placing === undefined) return undefined;
  const payload = create(HedgePlacedSchema, {
    intentKey: working.intentKey,
    account: config.reading.account,
    symbol: working.symbol,
    side: sides.toWire(placing.side),
    quantity: quantityToWire(placing.quantity),
    trigger: placing.trigger,
    beta: placing.beta,
    effectiveness: placing.effectiveness,
    exposure: moneyToWire(
      money(fromNumber(Number(placing.exposure), 2, "half-even").units, 2, state.book.money?.currency ?? ""),
    ),
    explanation: `beta ${placing.beta.toFixed(2)}, removes at least ${Math.round(placing.effectiveness * 100)} % of the variance`,
  });
  const { [working.intentKey]: _, ...left } = state.placing;
  const effect: Effect = {
    kind: "publish",
    topic: "hedges.v1",
    key: config.reading.account,
    type: "hedge.placed",
    payload,
    intent: "HEDGE",
    cause: working.cause,
  };
  return { placing: left, effects: [effect] };
}

function without(state: HedgerState, intentKey: string): HedgerState {
  const { [intentKey]: _, ...placing } = state.placing;
  return { ...state, placing };
}

/** What cover for this order would be, and cost. An answer without a hedge says why there is none. */
function quote(request: HedgeQuoteRequest, view: HedgerView, config: HedgerConfig): Effect {
  const { hedgeSymbol, instruments } = config;
  const reply = (payload: Parameters<typeof create<typeof HedgeQuoteSchema>>[1]): Effect => ({
    kind: "reply",
    type: "hedge.quote",
    payload: create(HedgeQuoteSchema, payload),
    intent: "QUOTE",
  });
  const size = quantityFromWire(request.quantity);
  const side = sides.fromWire(request.side);
  const spot = request.symbol === undefined ? undefined : view.quotes.last(request.symbol);
  const hedge = hedgeSymbol === undefined ? undefined : view.quotes.last(hedgeSymbol);
  const instrument = hedgeSymbol === undefined ? undefined : instruments.get(hedgeSymbol);
  if (hedgeSymbol === undefined || request.symbol === hedgeSymbol)
    return reply({ explanation: "nothing to hedge with" });
  if (size === undefined || side === undefined || request.symbol === undefined)
    return reply({ explanation: "the request lacks a field" });
  if (spot === undefined || hedge === undefined || instrument === undefined)
    return reply({ explanation: "a price is missing" });
  const known = view.betaOf(request.symbol);
  if (known === undefined || known.effectiveness < config.effectivenessMin) {
    return reply({ explanation: "the hedge would not remove enough of the variance for certain" });
  }
  const mid = (toNumber(hedge.bid) + toNumber(hedge.ask)) / 2;
  const value =
    toNumber(size) * ((toNumber(spot.bid) + toNumber(spot.ask)) / 2) * known.beta * (side === "BUY" ? -1 : 1);
  const units = Math.abs(value) / mid;
  const cost = units * (toNumber(hedge.ask) - toNumber(hedge.bid)) + 2 * feeOf(units, mid, instrument);
  return reply({
    hedgeSymbol,
    side: sides.toWire(value > 0 ? "BUY" : "SELL"),
    quantity: quantityToWire(
      quantity(fromNumber(units, instrument.quantityScale, "floor").units, instrument.quantityScale),
    ),
    beta: known.beta,
    effectiveness: known.effectiveness,
    cost: moneyToWire(
      money(fromNumber(cost, instrument.moneyScale, "ceil").units, instrument.moneyScale, instrument.currency),
    ),
    explanation: `beta ${known.beta.toFixed(2)}; covering it there and back costs ${cost.toFixed(2)}`,
  });
}

function feeOf(units: number, mid: number, { feeBps, feePerUnit }: Instrument): number {
  return units * toNumber(feePerUnit) + (units * mid * toNumber(feeBps)) / 10_000;
}
