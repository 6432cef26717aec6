/** From an uncovered exposure to an intent, and to the news of it. */
import { create } from "@bufbuild/protobuf";
import { HedgePlacedSchema } from "@countersign/contracts";
import { fromNumber, type Money, money, moneyToWire, quantityToWire, sides } from "@countersign/orders";
import { type Desk, haltOver, propose, writeIntent } from "@countersign/proposer";
import type { Context, Decision, Effect } from "@countersign/runtime";
import type { HedgerConfig } from "../config.ts";
import { type Cover, coverOf } from "./cover.ts";
import type { HedgerState, Placing } from "./state.ts";
import type { HedgerView } from "./view.ts";

/** On whose behalf: no person asks for a hedge. */
const PRINCIPAL = "strategy:min-variance-hedge@1";

/** Proposes what would cover the book, if no order is under way, no halt is over it, and it was not refused a moment ago. */
export function hedge(state: HedgerState, context: Context<HedgerView>, config: HedgerConfig): Decision<HedgerState> {
  const { account, proposals, patience } = state;
  const waits = Object.keys(proposals).length > 0 || context.nowMs < (patience?.untilMs ?? 0);
  const cover = waits ? undefined : coverOf(account, context.view, config);
  if (cover === undefined) return { state, effects: [] };
  const { symbol, trade, band, trigger, exposure, last } = cover;
  if (haltOver(context.fence, config, { symbol, principal: PRINCIPAL }) !== undefined) return { state, effects: [] };
  const { cause, nowMs } = context;
  const { value, beta, effectiveness } = exposure;
  const explanation = sentence(cover);
  const intent = writeIntent(config, {
    symbol,
    side: trade.side,
    quantity: trade.quantity,
    band,
    reduceOnly: trade.reduces,
    proposer: "hedger",
    principal: PRINCIPAL,
    signalId: cause.msgId,
    leg: "hedge",
    attempt: 0,
    // A hedge is no opinion: what it rests on is believed, or there is none.
    confidence: 1,
    expectedReturn: 0,
    features: { beta, effectiveness, exposure: value },
    explanation,
    quotes: [last.ref],
    decidedAtMs: nowMs,
  });
  const asked = propose(proposals, intent, cause);
  const { side, quantity } = trade;
  const what = {
    symbol,
    side,
    quantity,
    trigger,
    beta,
    effectiveness,
    exposure: amount(value, account.book),
    explanation,
  };
  const placing = { intentKey: asked.intentKey, ...what, cause };
  return { state: { ...state, proposals: asked.proposals, placing }, effects: asked.effects };
}

/** The news that a hedge's order has been accepted. */
export function hedgePlaced({ cause, ...placing }: Placing, { account }: Desk): Effect {
  const { intentKey, symbol, side, quantity, trigger, beta, effectiveness, exposure, explanation } = placing;
  const payload = create(HedgePlacedSchema, {
    intentKey,
    account,
    symbol,
    side: sides.toWire(side),
    quantity: quantityToWire(quantity),
    trigger,
    beta,
    effectiveness,
    exposure: moneyToWire(exposure),
    explanation,
  });
  return { kind: "publish", topic: "hedges.v1", key: account, type: "hedge.placed", payload, intent: "HEDGE", cause };
}

function sentence({ trigger, exposure: { beta, gross, effectiveness } }: Cover): string {
  if (trigger === "unwind") return "nothing that is held is covered by the hedge any more";
  const why = trigger === "volatility" ? ", volatility is up" : "";
  return `beta ${beta.toFixed(2)} of ${gross.toFixed(0)}, removes at least ${(effectiveness * 100).toFixed(0)} % of the variance${why}`;
}

function amount(value: number, { money: of }: HedgerState["account"]["book"]): Money {
  if (of === undefined) throw new Error("broken invariant: a book with equity has a currency");
  return money(fromNumber(value, of.scale, "half-even").units, of.scale, of.currency);
}
