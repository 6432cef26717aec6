/**
 * Who is ready, and how everybody does. When all are ready and trading was never opened, asks the quorum to open it; when those that trading
 * needs have been silent for too long, to close it. Once per attempt, and never more than its key may: only persons release a halt.
 */
import type { HaltResponse, Heartbeat, ProposeResponse } from "@countersign/contracts";
import type { Context, Decision, Effect, Input } from "@countersign/runtime";
import { type Closing, closingFor, haltRequest, isClosed } from "./closing.ts";
import type { OperatorConfig } from "./config.ts";
import { type Finding, type Health, hear, look, silentFor } from "./health.ts";
import { isUnopened, openingFor } from "./opening.ts";
import { askToHalt, made, propose, refused, told } from "./records.ts";

export interface OperatorState {
  readonly ready: readonly string[];
  readonly attempts: number;
  /** `refused`: for good, until somebody becomes ready again. */
  readonly opening: "waiting" | "asked" | "opened" | "refused";
  /** By agent; nothing where nobody is watched. */
  readonly health?: Health;
  /** Decision time, ms, since which the control log has its head, and which. */
  readonly head?: { readonly seq: bigint; readonly sinceMs: number };
  readonly closing?: Closing;
}

export const initialState: OperatorState = { ready: [], attempts: 0, opening: "waiting" };

type Step = (state: OperatorState, context: Context<undefined>, config: OperatorConfig) => Decision<OperatorState>;

export function decide(
  state: OperatorState,
  input: Input,
  context: Context<undefined>,
  config: OperatorConfig,
): Decision<OperatorState> {
  switch (input.kind) {
    case "message":
      if (input.type !== "agent.heartbeat") return { state, effects: [] };
      return gather(state, input.body.sender, input.payload as Heartbeat, context, config);
    case "tick":
      return inTurn([watch, close, open], state, context, config);
    case "answer":
      if (input.type === "halt.response") return concludeClosing(state, input.id, input.payload as HaltResponse);
      return concludeOpening(state, input.payload as ProposeResponse);
    case "no-answer":
      return { state: unanswered(state, input.id), effects: [] };
    default:
      return { state, effects: [] };
  }
}

function inTurn(
  steps: readonly Step[],
  before: OperatorState,
  ...rest: Parameters<Step> extends [unknown, ...infer R] ? R : never
) {
  let state = before;
  const effects: Effect[] = [];
  for (const step of steps) {
    const decision = step(state, ...rest);
    state = decision.state;
    effects.push(...decision.effects);
  }
  return { state, effects };
}

/** Everybody speaks for itself alone. */
function gather(
  before: OperatorState,
  sender: string,
  heartbeat: Heartbeat,
  context: Context<undefined>,
  config: OperatorConfig,
): Decision<OperatorState> {
  if (heartbeat.agent !== sender || !config.agents.includes(sender)) return open(before, context, config);
  const state = readied(before, sender, heartbeat.ready === true);
  if (config.watch === undefined) return open(state, context, config);
  const { health, findings } = hear(state.health ?? {}, sender, heartbeat, context.nowMs);
  const heard = findings.length === 0 && health === state.health ? state : { ...state, health };
  const opened = open(heard, context, config);
  return { state: opened.state, effects: [...tell(findings, config), ...opened.effects] };
}

function readied(state: OperatorState, agent: string, isReady: boolean): OperatorState {
  const isKnown = state.ready.includes(agent);
  if (isReady === isKnown) return state;
  if (!isReady) return { ...state, ready: state.ready.filter((name) => name !== agent) };
  const opening = state.opening === "refused" ? "waiting" : state.opening;
  return { ...state, ready: [...state.ready, agent].toSorted(), opening };
}

const open: Step = (state, { fence }, { agents, validators, consent }) => {
  const isAllReady = agents.every((agent) => state.ready.includes(agent));
  if (state.opening !== "waiting" || !isAllReady || !isUnopened(fence)) return { state, effects: [] };
  const opening = openingFor(fence, consent);
  if (!opening.ok) {
    const said = refused("birth", opening.code, opening.text, "operator");
    return { state: { ...state, opening: "refused" }, effects: [said] };
  }
  const text = `${agents.length} agents are ready; signed by ${opening.persons.join(", ")}`;
  const to = validatorFor(state.attempts, validators);
  const call = propose(`open ${state.attempts}`, to, opening.request);
  const asked: OperatorState = { ...state, opening: "asked", attempts: state.attempts + 1 };
  return { state: asked, effects: [made("birth", "propose-opening", text, "OPEN"), call] };
};

const watch: Step = (before, context, config) => {
  if (config.watch === undefined) return { state: before, effects: [] };
  const { seq } = context.fence.head;
  const head = before.head?.seq === seq ? before.head : { seq, sinceMs: context.nowMs };
  const { health, findings } = look(before.health ?? {}, context, head.sinceMs, config.watch);
  const isSame = head === before.head && health === before.health;
  return { state: isSame ? before : { ...before, head, health }, effects: tell(findings, config) };
};

const close: Step = (state, { fence, nowMs }, { watch, validators }) => {
  if (watch === undefined) return { state, effects: [] };
  // What was closed is over when a person has opened again.
  if (isClosed(fence)) return { state: state.closing === undefined ? state : withoutClosing(state), effects: [] };
  const missing = silentFor(state.health ?? {}, watch.closesWithout, nowMs, watch.closesAfterMs);
  const reason = `without ${missing.join(", ")}`;
  const closing = state.closing ?? (missing.length === 0 ? undefined : closingFor(fence, reason));
  if (closing === undefined || closing.state !== "waiting") return { state, effects: [] };
  const request = haltRequest(closing);
  const asks = [...watch.stops, validatorFor(closing.attempts, validators)];
  const calls = asks.map((to) => askToHalt(`close ${closing.attempts} ${to}`, to, request));
  const asked: OperatorState = { ...state, closing: { ...closing, state: "asked", attempts: closing.attempts + 1 } };
  if (state.closing !== undefined) return { state: asked, effects: calls };
  const alert: Effect = { kind: "alert", code: "CLOSING", text: closing.reason };
  return { state: asked, effects: [made(closing.haltId, "halt", closing.reason, "CLOSE"), ...calls, alert] };
};

function concludeOpening(state: OperatorState, { seq, code, place, text }: ProposeResponse): Decision<OperatorState> {
  if (state.opening !== "asked") return { state, effects: [] };
  if (code === undefined)
    return {
      state: { ...state, opening: "opened" },
      effects: [made("birth", "opened", `control entry ${seq}`, "OPEN")],
    };
  if (code === "NO_QUORUM") return { state: { ...state, opening: "waiting" }, effects: [] };
  const said = refused("birth", code, text ?? "", place ?? "validator");
  return { state: { ...state, opening: "refused" }, effects: [said] };
}

/** A validator's word counts: Policy's and Execution's latches are theirs alone. */
function concludeClosing(
  state: OperatorState,
  id: string,
  { latched, code, by }: HaltResponse,
): Decision<OperatorState> {
  const { closing } = state;
  if (closing?.state !== "asked" || !asksValidator(id)) return { state, effects: [] };
  const said =
    latched === true
      ? made(closing.haltId, "closed", `latched by ${by ?? "a validator"}`, "CLOSE")
      : refused(closing.haltId, code ?? "NOT_LATCHED", closing.reason, "validator");
  return { state: { ...state, closing: { ...closing, state: "done" } }, effects: [said] };
}

/** Perhaps it was heard and only the answer was lost: another validator says what came of it. */
function unanswered(state: OperatorState, id: string): OperatorState {
  const { closing } = state;
  if (id.startsWith("open ")) return state.opening === "asked" ? { ...state, opening: "waiting" } : state;
  if (closing?.state !== "asked" || !asksValidator(id)) return state;
  return { ...state, closing: { ...closing, state: "waiting" } };
}

/** `close ATTEMPT SERVER` */
function asksValidator(id: string): boolean {
  return id.split(" ")[2]?.startsWith("validator") ?? false;
}

function withoutClosing({ closing: _, ...state }: OperatorState): OperatorState {
  return state;
}

function validatorFor(attempts: number, validators: readonly string[]): string {
  const to = validators[attempts % validators.length];
  if (to === undefined) throw new Error("the operator is configured without validators");
  return to;
}

function tell(findings: readonly Finding[], { watch }: OperatorConfig): readonly Effect[] {
  return watch === undefined ? [] : findings.flatMap((finding) => told(finding, watch));
}
