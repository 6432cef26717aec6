/** Gathers who is ready; when all are, and trading was never opened, asks the quorum to open it, once per attempt. */
import { create } from "@bufbuild/protobuf";
import { DecisionMadeSchema, type Heartbeat, type ProposeResponse, RefusedSchema } from "@countersign/contracts";
import type { Context, Decision, Effect, Input } from "@countersign/runtime";
import { type Consent, isUnopened, openingFor } from "./opening.ts";

export interface OperatorConfig {
  /** Whose readiness is waited for, by sender name. */
  readonly agents: readonly string[];
  /** Servers to propose to, in the order in which they are tried. */
  readonly validators: readonly string[];
  readonly consent: Consent;
}

export interface OperatorState {
  readonly ready: readonly string[];
  readonly attempts: number;
  /** `refused`: for good, until somebody becomes ready again. */
  readonly opening: "waiting" | "asked" | "opened" | "refused";
}

export const initialState: OperatorState = { ready: [], attempts: 0, opening: "waiting" };

export function decide(
  state: OperatorState,
  input: Input,
  context: Context<undefined>,
  config: OperatorConfig,
): Decision<OperatorState> {
  if (input.kind === "message" && input.type === "agent.heartbeat")
    return propose(gather(state, input.body.sender, input.payload as Heartbeat, config), context, config);
  if (input.kind === "tick") return propose(state, context, config);
  if (state.opening !== "asked") return { state, effects: [] };
  if (input.kind === "answer") return conclude(state, input.payload as ProposeResponse);
  // Perhaps it was heard and only the answer was lost: another validator says what came of it.
  if (input.kind === "no-answer") return { state: { ...state, opening: "waiting" }, effects: [] };
  return { state, effects: [] };
}

/** Everybody speaks for itself alone. */
function gather(
  state: OperatorState,
  sender: string,
  { agent, ready }: Heartbeat,
  { agents }: OperatorConfig,
): OperatorState {
  if (agent !== sender || !agents.includes(agent)) return state;
  const isKnown = state.ready.includes(agent);
  if (ready === true)
    return isKnown ? state : { ...state, ready: [...state.ready, agent].toSorted(), opening: again(state) };
  return isKnown ? { ...state, ready: state.ready.filter((name) => name !== agent) } : state;
}

function again({ opening }: OperatorState): OperatorState["opening"] {
  return opening === "refused" ? "waiting" : opening;
}

function propose(state: OperatorState, { fence }: Context<undefined>, config: OperatorConfig): Decision<OperatorState> {
  const { agents, validators, consent } = config;
  const isAllReady = agents.every((agent) => state.ready.includes(agent));
  if (state.opening !== "waiting" || !isAllReady || !isUnopened(fence)) return { state, effects: [] };
  const opening = openingFor(fence, consent);
  if (!opening.ok)
    return { state: { ...state, opening: "refused" }, effects: [refused(opening.code, opening.text, "operator")] };
  const to = validators[state.attempts % validators.length];
  if (to === undefined) throw new Error("the operator is configured without validators");
  const { request, persons } = opening;
  const opId = request.opId ?? "";
  const text = `${agents.length} agents are ready; signed by ${persons.join(", ")}`;
  const call: Effect = {
    kind: "call",
    id: `open ${state.attempts}`,
    call: "QuorumService.Propose",
    to,
    type: "quorum.propose",
    payload: request,
    intent: "RESUME",
    idempotencyKey: opId,
  };
  const asked: OperatorState = { ...state, opening: "asked", attempts: state.attempts + 1 };
  return { state: asked, effects: [made("propose-opening", text), call] };
}

function conclude(state: OperatorState, { seq, code, place, text }: ProposeResponse): Decision<OperatorState> {
  if (code === undefined)
    return { state: { ...state, opening: "opened" }, effects: [made("opened", `control entry ${seq}`)] };
  if (code === "NO_QUORUM") return { state: { ...state, opening: "waiting" }, effects: [] };
  return { state: { ...state, opening: "refused" }, effects: [refused(code, text ?? "", place ?? "validator")] };
}

function made(decision: string, explanation: string): Effect {
  const payload = create(DecisionMadeSchema, { subject: "birth", decision, explanation });
  return {
    kind: "publish",
    topic: "audit.records.v1",
    key: "operator",
    type: "decision.made",
    payload,
    intent: "OPEN",
  };
}

function refused(code: string, explanation: string, place: string): Effect {
  const payload = create(RefusedSchema, {
    subject: "birth",
    code,
    place,
    sender: "operator",
    type: "quorum.propose",
    explanation,
  });
  return {
    kind: "publish",
    topic: "audit.records.v1",
    key: "operator",
    type: "decision.refused",
    payload,
    intent: "REFUSE",
  };
}
