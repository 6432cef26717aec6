/**
 * From a wish to an intent, one step at a time:
 *
 * 1. One order per symbol: while one is under way, the wish waits.
 * 2. What only takes away from a position needs no edge and no cover, and is never too late.
 * 3. Everything else asks the Hedger what cover would cost, once for all wishes of that side, and has to expect more than it costs there
 *    and back.
 * 4. A wish that comes to nothing is dropped, on record.
 */
import { create } from "@bufbuild/protobuf";
import { type HedgeQuote, HedgeQuoteRequestSchema } from "@countersign/contracts";
import { quantityToWire, sides } from "@countersign/orders";
import { decisionMade, haltOver, isUnderWay, propose, writeIntent } from "@countersign/proposer";
import type { Context, Decision, Effect } from "@countersign/runtime";
import type { PortfolioConfig } from "../config.ts";
import { costOf, coverPrice } from "./cost.ts";
import { type PortfolioState, type Wish, withoutWish, withWish } from "./state.ts";
import { type Aim, targetOf } from "./target.ts";
import type { PortfolioView } from "./view.ts";

type Step = Decision<PortfolioState>;

/** Does the next thing for a wish. `cover`: the Hedger's answer, once it is there. */
export function consider(
  state: PortfolioState,
  wish: Wish,
  context: Context<PortfolioView>,
  config: PortfolioConfig,
  cover?: HedgeQuote,
): Step {
  const { wanted } = wish;
  if (isUnderWay(state.proposals, wanted.symbol)) return { state: withWish(state, wish), effects: [] };
  const halt = haltOver(context.fence, config, { symbol: wanted.symbol, principal: wanted.strategy });
  if (halt !== undefined) return drop(state, wish, "HALTED", `trading is halted (${halt.id}): not proposed`);
  const aim = targetOf(wanted, state.account, context.view, config);
  if (!aim.ok) return drop(state, wish, aim.code, aim.text);
  if (aim.trade.reduces) return order(state, wish, aim, {}, context, config);
  if (context.nowMs > wanted.untilMs) return drop(state, wish, "TOO_LATE", "the opinion's horizon is over");
  // What opens is on the side of its direction: a question is of use to each wish of that side.
  if (wish.question?.side !== aim.trade.side) return askCover(state, wish, aim, config);
  if (cover === undefined) return { state: withWish(state, wish), effects: [] };
  const price = coverPrice(cover);
  if (cover.hedgeSymbol && price === undefined) return drop(state, wish, "NO_COVER", "cover without a price"); // P10.portfolio-cover
  // Where the Hedger names no cover, none is paid for: the position stands alone, within Policy's limits.
  const cost = costOf(aim, { price: price ?? 0, quantity: wish.question.quantity });
  if (wanted.expectedReturn <= cost) return withoutEdge(state, wish, aim, cost, context, config);
  return order(state, wish, aim, { cost, ...(cover.beta !== undefined && { beta: cover.beta }) }, context, config);
}

/** Gives a wish up, on record. */
export function drop(
  state: PortfolioState,
  { wanted, cause }: Wish,
  decision: string,
  explanation: string,
  features: Readonly<Record<string, number>> = {},
): Step {
  const subject = wanted.symbol;
  const note = decisionMade({ agent: "portfolio", subject, decision, explanation, features, cause });
  return { state: withoutWish(state, subject), effects: [note] };
}

function askCover(state: PortfolioState, wish: Wish, { trade }: Aim, { account }: PortfolioConfig): Step {
  const { symbol, signalId, attempt } = wish.wanted;
  const { side, opens: quantity } = trade;
  const id = `cover ${signalId} ${attempt}`;
  const ask: Effect = {
    kind: "call",
    id,
    call: "HedgerService.Quote",
    to: "hedger",
    type: "hedge.quote-request",
    payload: create(HedgeQuoteRequestSchema, {
      account,
      symbol,
      side: sides.toWire(side),
      quantity: quantityToWire(quantity),
    }),
    intent: "COVER",
    idempotencyKey: id,
    cause: wish.cause,
  };
  return { state: withWish(state, { ...wish, question: { id, side, quantity } }), effects: [ask] };
}

/** Not worth opening. A position on the other side has no opinion behind it any more either: it is left. */
function withoutEdge(
  state: PortfolioState,
  wish: Wish,
  { trade, weight, volatility }: Aim,
  cost: number,
  context: Context<PortfolioView>,
  config: PortfolioConfig,
): Step {
  const { expectedReturn } = wish.wanted;
  const text = `expects ${percent(expectedReturn)}, costs there and back ${percent(cost)}: no edge`;
  const dropped = drop(state, wish, "NO_EDGE", text, { expectedReturn, cost, weight, volatility });
  if (!trade.turns) return dropped;
  const leaves = { ...wish, wanted: { ...wish.wanted, direction: 0 }, question: undefined };
  const left = consider(state, leaves, context, config);
  return { state: left.state, effects: [...dropped.effects, ...left.effects] };
}

function order(
  state: PortfolioState,
  wish: Wish,
  { trade, band, weight, volatility, last }: Aim,
  features: Readonly<Record<string, number>>,
  context: Context<PortfolioView>,
  config: PortfolioConfig,
): Step {
  const { wanted, cause } = wish;
  const { symbol, signalId, attempt, confidence, expectedReturn, explanation, direction } = wanted;
  const intent = writeIntent(config, {
    symbol,
    side: trade.side,
    quantity: trade.quantity,
    band,
    reduceOnly: trade.reduces,
    proposer: "portfolio",
    principal: wanted.strategy,
    signalId,
    leg: "target",
    attempt,
    confidence,
    expectedReturn,
    features: { direction, weight, volatility, ...features },
    explanation,
    quotes: [last.ref],
    decidedAtMs: context.nowMs,
  });
  const { proposals, effects } = propose(state.proposals, intent, cause);
  return { state: { ...withWish(state, { ...wish, question: undefined }), proposals }, effects };
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(3)} %`;
}
