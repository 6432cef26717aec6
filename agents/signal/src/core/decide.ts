/** Which strategy to follow: arbitration over the opinions that stand. */
import { create } from "@bufbuild/protobuf";
import { type QuoteRef, type Score, ScoreSchema, SignalSchema } from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import { decisionMade, featuresOf } from "@countersign/proposer";
import { type Arbitration, arbitrate } from "@countersign/quant";
import type { Context, Decision, Effect, Input } from "@countersign/runtime";
import type { Standing } from "./seat.ts";
import type { Heard, SignalView } from "./view.ts";

/** Per symbol: the opinion that was followed last, so that the same one is not said twice. */
export interface SignalState {
  readonly followed: { readonly strategy: string; readonly sinceMs: number } | undefined;
}

export function decide(state: SignalState, input: Input, context: Context<SignalView>): Decision<SignalState> {
  if (input.kind !== "market") return { state, effects: [] };
  const { symbol, standing } = input.data as Heard;
  const liquidity = context.view.liquidity(symbol);
  const { winner, scores } = arbitrate(standing.map((one) => ({ ...one, liquidity })));
  const followed = standing.find(({ strategy }) => strategy === winner?.strategy);
  if (followed === undefined) return { state, effects: [silence(symbol, scores)] };
  const { strategy, sinceMs } = followed;
  if (state.followed?.strategy === strategy && state.followed.sinceMs === sinceMs) return { state, effects: [] };
  const quote = context.view.quotes.last(symbol);
  if (quote === undefined) return { state, effects: [note(symbol, "NO_PRICE", `nobody quotes ${symbol}`)] };
  const claim = businessKey("signal", strategy, symbol, quote.ref.msgId ?? "");
  return {
    state: { followed: { strategy, sinceMs } },
    effects: [{ kind: "claim", id: claim, otherwise: [] }, signal(symbol, followed, scores, quote.ref)],
  };
}

function signal(
  symbol: string,
  { strategy, opinion }: Standing,
  scores: Arbitration["scores"],
  quote: QuoteRef,
): Effect {
  const payload = create(SignalSchema, {
    symbol,
    strategy,
    direction: opinion.direction,
    confidence: opinion.confidence,
    expectedReturn: opinion.expectedReturn,
    horizonMs: BigInt(Math.round(opinion.horizonMs)),
    features: featuresOf(opinion.features),
    explanation: opinion.because,
    quote,
    scores: scoresOf(scores, strategy),
  });
  return { kind: "publish", topic: "signals.market.v1", key: symbol, type: "market.signal", payload, intent: "SIGNAL" };
}

/** Every opinion of that moment, the winner's first; one that was not heard has no score. */
function scoresOf(scores: Arbitration["scores"], winner: string): Score[] {
  const isWinner = ({ candidate }: Arbitration["scores"][number]) => candidate.strategy === winner;
  return [...scores.filter(isWinner), ...scores.filter((one) => !isWinner(one))].map((one) => {
    const { strategy, opinion } = one.candidate;
    const score = "score" in one ? { score: one.score } : {};
    return create(ScoreSchema, { strategy, confidence: opinion.confidence, ...score });
  });
}

function silence(symbol: string, scores: Arbitration["scores"]): Effect {
  const reasons = scores.map((one) => `${one.candidate.strategy} ${"refusal" in one ? one.refusal.reason : one.score}`);
  const why = reasons.join(", ") || "nobody has one";
  return note(symbol, "NO_SIGNAL", `no opinion on ${symbol} is worth following: ${why}`);
}

function note(subject: string, decision: string, explanation: string): Effect {
  return decisionMade({ agent: "signal", subject, decision, explanation });
}
