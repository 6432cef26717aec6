/** What each input means to Portfolio. Pure; the account, its proposals and its wishes are one aggregate. */
import type { HedgeQuote, Signal } from "@countersign/contracts";
import { advance, decisionMade, type Ended, foldAccount } from "@countersign/proposer";
import type { OpinionProblem } from "@countersign/quant";
import type { Cause, Context, Decision, Effect, Input } from "@countersign/runtime";
import type { PortfolioConfig } from "../config.ts";
import { consider, drop } from "./consider.ts";
import { type PortfolioState, type Wish, withoutWish } from "./state.ts";
import type { PortfolioView } from "./view.ts";
import { problemOf, readSignal } from "./wanted.ts";

type Step = Decision<PortfolioState>;

export function decide(
  state: PortfolioState,
  input: Input,
  context: Context<PortfolioView>,
  config: PortfolioConfig,
): Step {
  if (input.kind === "message" && input.type === "market.signal")
    return onSignal(state, input.payload as Signal, context, config);
  if (input.kind === "answer" && input.type === "hedge.quote")
    return onCover(state, input.id, input.payload as HedgeQuote, context, config);
  if (input.kind === "no-answer") {
    const wish = asker(state, input.id);
    // Cover that nobody can price is a risk that nobody has seen.
    if (wish !== undefined) return drop(state, wish, "NO_COVER", `the Hedger did not answer: ${input.code}`);
  }
  const account = foldAccount(state.account, input, config);
  const { proposals, effects, ended } = advance(state.proposals, input, context.cause);
  const isSame = account === state.account && proposals === state.proposals;
  const moved = isSame ? state : { ...state, account, proposals };
  if (ended === undefined) return { state: moved, effects };
  const after = onEnded(moved, ended, context, config);
  return { state: after.state, effects: [...effects, ...after.effects] };
}

/**
 * A newer signal takes the place of the wish that waits, and what that has asked is asked for it: were each asked anew, signals that come
 * faster than answers would leave nothing but questions. One that is none leaves everything as it is, but for a record.
 */
function onSignal(
  state: PortfolioState,
  signal: Signal,
  context: Context<PortfolioView>,
  config: PortfolioConfig,
): Step {
  const { cause, nowMs } = context;
  const wanted = readSignal(signal, cause.msgId, nowMs);
  const wish: Wish = { wanted, cause, question: state.wishes[wanted.symbol]?.question };
  const problem = problemOf(wish.wanted, nowMs);
  if (problem !== undefined) return { state, effects: [badSignal(wish, problem)] }; // P10.signal
  return consider(state, wish, context, config);
}

function onCover(
  state: PortfolioState,
  callId: string,
  quote: HedgeQuote,
  context: Context<PortfolioView>,
  config: PortfolioConfig,
): Step {
  const wish = asker(state, callId);
  return wish === undefined ? { state, effects: [] } : consider(state, wish, context, config, quote);
}

function onEnded(state: PortfolioState, ended: Ended, context: Context<PortfolioView>, config: PortfolioConfig): Step {
  const { symbol } = ended.proposal;
  const next = nextWish(state.wishes[symbol], ended, config);
  const after =
    next === undefined ? { state: withoutWish(state, symbol), effects: [] } : consider(state, next, context, config);
  return ended.outcome === "unanswered"
    ? { state: after.state, effects: [unanswered(ended), ...after.effects] }
    : after;
}

/** A newer wish goes on at once. The one that has ended goes on only if its order traded nothing, and it may try once more. */
function nextWish(wish: Wish | undefined, { proposal, outcome }: Ended, config: PortfolioConfig): Wish | undefined {
  if (wish === undefined || wish.cause.msgId !== proposal.cause.msgId) return wish;
  const attempt = wish.wanted.attempt + 1;
  if (outcome !== "missed" || attempt >= config.attemptsMax) return undefined;
  return { ...wish, wanted: { ...wish.wanted, attempt } };
}

/** The wish that has asked this. */
function asker(state: PortfolioState, callId: string): Wish | undefined {
  return Object.values(state.wishes).find(({ question }) => question?.id === callId);
}

function badSignal({ wanted, cause }: Wish, { field, reason }: OpinionProblem): Effect {
  return note(wanted.symbol || "?", "BAD_SIGNAL", `${field} is ${reason}: nothing is made up`, cause);
}

function unanswered({ proposal, code }: Ended): Effect {
  return note(proposal.symbol, "NO_ANSWER", `Policy did not answer: ${code}`, proposal.cause);
}

function note(subject: string, decision: string, explanation: string, cause: Cause): Effect {
  return decisionMade({ agent: "portfolio", subject, decision, explanation, cause });
}
