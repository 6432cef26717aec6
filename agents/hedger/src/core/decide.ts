/** When to hedge, with what, and what it would cost: asked by call, considered on a fill, a deposit or a closed bar. */
import type { HedgeQuoteRequest, OrderAccepted } from "@countersign/contracts";
import { advance, decisionMade, type Ended, foldAccount } from "@countersign/proposer";
import type { Context, Decision, Effect, Input } from "@countersign/runtime";
import type { HedgerConfig } from "../config.ts";
import { afterEnded, flatten } from "./flatten.ts";
import { hedge, hedgePlaced } from "./hedge.ts";
import { type Patience, refusedAgain } from "./patience.ts";
import { quoteCover } from "./quote.ts";
import type { HedgerState } from "./state.ts";
import type { HedgerView } from "./view.ts";

export function decide(
  state: HedgerState,
  input: Input,
  context: Context<HedgerView>,
  config: HedgerConfig,
): Decision<HedgerState> {
  if (input.kind === "call") {
    const payload = quoteCover(input.payload as HedgeQuoteRequest, context.view, config);
    return { state, effects: [{ kind: "reply", type: "hedge.quote", payload, intent: "QUOTE" }] };
  }
  const account = foldAccount(state.account, input, config);
  const { proposals, effects, ended } = advance(state.proposals, input, context.cause);
  const isTold = isAccepted(state, input);
  const placing = isTold || ended !== undefined ? undefined : state.placing;
  const patience = account === state.account ? patienceAfter(state, ended, context) : undefined;
  const closed = state.closing && afterEnded(state.closing, ended, context.nowMs);
  const closing = closed?.state;
  const after = changed(state, { account, proposals, placing, patience, closing });
  const news: Effect[] = [...effects, ...(closed?.effects ?? [])];
  if (isTold && state.placing !== undefined) news.push(hedgePlaced(state.placing, config));
  if (ended?.outcome === "unanswered") {
    const { symbol: subject, cause } = ended.proposal;
    const explanation = `Policy did not answer: ${ended.code}`;
    news.push(decisionMade({ agent: "hedger", subject, decision: "NO_ANSWER", explanation, cause }));
  }
  const flattened = flatten(after, context, config);
  if (flattened !== undefined) return { state: flattened.state, effects: [...news, ...flattened.effects] };
  // What was refused is not asked for again at once: it would be refused for ever.
  const isOccasion = account !== state.account || input.kind === "market" || ended?.outcome === "filled";
  if (!isOccasion) return { state: after, effects: news };
  const hedged = hedge(after, context, config);
  return { state: hedged.state, effects: [...news, ...hedged.effects] };
}

function patienceAfter(
  { patience }: HedgerState,
  ended: Ended | undefined,
  { nowMs, view }: Context<HedgerView>,
): Patience | undefined {
  if (ended === undefined) return patience;
  return ended.outcome === "filled" ? undefined : refusedAgain(patience, nowMs, view.barMs);
}

/** The same object when nothing is other than it was. */
function changed(before: HedgerState, after: HedgerState): HedgerState {
  const keys = ["account", "proposals", "placing", "patience", "closing"] as const;
  return keys.every((key) => before[key] === after[key]) ? before : after;
}

function isAccepted({ placing }: HedgerState, input: Input): boolean {
  if (input.kind !== "message" || input.type !== "order.accepted") return false;
  return placing !== undefined && (input.payload as OrderAccepted).intentKey === placing.intentKey;
}
