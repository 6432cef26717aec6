/** Which strategy to follow: seed arbitration over the opinions that stand. */
import { create } from "@bufbuild/protobuf";
import { DecisionMadeSchema, FeatureSchema, ScoreSchema, SignalSchema } from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import { type Arbitration, arbitrate } from "@countersign/quant";
import type { Context, Decision, Effect, Input } from "@countersign/runtime";
import { SignalError } from "./error.ts";
import type { Heard, SignalView, Standing } from "./view.ts";

/** Per symbol: the opinion that was followed last, so that the same one is not said twice. */
export interface SignalState {
  readonly followed: { readonly strategy: string; readonly sinceMs: number } | undefined;
}

export function decide(state: SignalState, input: Input, context: Context<SignalView>): Decision<SignalState> {
  if (input.kind !== "market") return { state, effects: [] };
  const heard = input.data as Heard;
  const { winner, scores } = arbitrate(candidates(heard));
  refuseNonsense(heard.symbol, scores);
  const standing = heard.standing.find(({ strategy }) => strategy === winner?.strategy);
  if (standing === undefined) return { state, effects: [silence(heard, scores)] };
  const { strategy, sinceMs } = standing;
  if (state.followed?.strategy === strategy && state.followed.sinceMs === sinceMs) return { state, effects: [] };
  const quote = context.view.quotes.last(heard.symbol);
  // Nobody can trade on a signal without a price: it is not said (P10), and the strategy will speak again.
  if (quote === undefined) return { state, effects: [] };
  const speak: Effect[] = [
    { kind: "claim", id: businessKey("signal", strategy, heard.symbol, quote.ref.msgId ?? ""), otherwise: [] },
    signal(heard.symbol, standing, scores, quote.ref),
  ];
  return { state: { followed: { strategy, sinceMs } }, effects: speak };
}

function candidates({ standing, liquidity }: Heard) {
  return standing.map(({ strategy, weight, opinion }) => ({ strategy, weight, liquidity, opinion }));
}

/** A number that is none is the strategy's mistake, not a weak opinion: it stops the run instead of being outvoted. */
function refuseNonsense(symbol: string, scores: Arbitration["scores"]): void {
  for (const score of scores) {
    if (!("refusal" in score)) continue;
    const { reason, field } = score.refusal;
    if (reason === "LOW_CONFIDENCE" || reason === "NO_EDGE") continue;
    throw new SignalError(
      "BAD_OPINION",
      `${score.candidate.strategy} said something impossible of ${symbol}: ${field} is ${reason}`,
    );
  }
}

function signal(
  symbol: string,
  { strategy, opinion }: Standing,
  scores: Arbitration["scores"],
  quote: NonNullable<ReturnType<SignalView["quotes"]["last"]>>["ref"],
): Effect {
  const features = Object.entries(opinion.features).map(([name, value]) => create(FeatureSchema, { name, value }));
  const payload = create(SignalSchema, {
    symbol,
    strategy,
    direction: opinion.direction,
    confidence: opinion.confidence,
    expectedReturn: opinion.expectedReturn,
    horizonMs: BigInt(Math.round(opinion.horizonMs)),
    features,
    explanation: opinion.because,
    quote,
    scores: scores.flatMap((one) =>
      "score" in one
        ? [
            create(ScoreSchema, {
              strategy: one.candidate.strategy,
              score: one.score,
              confidence: one.candidate.opinion.confidence,
            }),
          ]
        : [],
    ),
  });
  return { kind: "publish", topic: "signals.market.v1", key: symbol, type: "market.signal", payload, intent: "SIGNAL" };
}

function silence({ symbol }: Heard, scores: Arbitration["scores"]): Effect {
  const reasons = scores.map(
    (one) => `${one.candidate.strategy}: ${"refusal" in one ? one.refusal.reason : one.score}`,
  );
  const payload = create(DecisionMadeSchema, {
    subject: symbol,
    decision: "NO_SIGNAL",
    explanation: `No opinion on ${symbol} is worth following (${reasons.join(", ") || "nobody has one"}).`,
  });
  return {
    kind: "publish",
    topic: "audit.records.v1",
    key: "signal",
    type: "decision.made",
    payload,
    intent: "DECIDE",
  };
}
