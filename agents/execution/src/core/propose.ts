/** Booking: each commit's fills are proposed to the quorum once, and asked again, in the same words, until there is an answer. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Fill,
  FillsBookedSchema,
  Log,
  type Mark,
  ProposeRequestSchema,
  type ProposeResponse,
  type SubmitOrder,
} from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import type { Decision, Effect } from "@countersign/runtime";
import type { CoreConfig } from "./config.ts";
import { closeAccount, type ExecutionState, type Unbooked } from "./state.ts";

export interface Booking {
  readonly fills: readonly Fill[];
  /** Of each order that a fill is of: what a validator judges it by. */
  readonly orders: readonly SubmitOrder[];
  readonly marks: readonly Mark[];
}

export function proposeFills(
  config: CoreConfig,
  state: ExecutionState,
  { fills, orders, marks }: Booking,
  nowMs: number,
): Decision<ExecutionState> {
  const opId = businessKey("fills", ...fills.map(({ executionId }) => executionId ?? ""));
  const value = create(FillsBookedSchema, {
    account: state.account,
    fills: [...fills],
    orders: [...orders],
    marks: [...marks],
  });
  const request = create(ProposeRequestSchema, { opId, log: Log.LEDGER, content: { case: "fills", value } });
  const bytes = toBinary(ProposeRequestSchema, request);
  const unbooked: Unbooked = { opId, request: bytes, fills: fills.length, sinceMs: nowMs, attempt: 0 };
  return { state: { ...state, unbooked: [...state.unbooked, unbooked] }, effects: [ask(config, unbooked)] };
}

/** The quorum's word about one proposal. What it refuses has happened all the same: it stays unbooked, and a person has to explain it. */
export function onProposed(
  state: ExecutionState,
  callId: string,
  answer: ProposeResponse,
  nowMs: number,
): Decision<ExecutionState> {
  const waiting = find(state, callId);
  if (waiting === undefined) return { state, effects: [] };
  if (answer.code === undefined && answer.seq === undefined) return retryLater(waiting, state, nowMs);
  if (answer.code !== undefined && PASSING.has(answer.code)) return retryLater(waiting, state, nowMs);
  if (answer.code === undefined) {
    const unbooked = state.unbooked.filter((other) => other !== waiting);
    return { state: { ...state, unbooked }, effects: [] };
  }
  // The books lack what came before it, so what is said of this one is said too early.
  if (state.unbooked[0] !== waiting) return retryLater(waiting, state, nowMs);
  const text = `the quorum refuses ${waiting.fills} fills at ${answer.place}: ${answer.code} ${answer.text ?? ""}`;
  return {
    state: closeAccount(state, "FILL_REFUSED", text),
    effects: [{ kind: "alert", code: "FILL_REFUSED", text }],
  };
}

export function onNoAnswer(state: ExecutionState, callId: string, nowMs: number): Decision<ExecutionState> {
  const waiting = find(state, callId);
  return waiting === undefined ? { state, effects: [] } : retryLater(waiting, state, nowMs);
}

/** Asks the next validator, under the same op id: whichever booked it says so. */
export function onRetry(config: CoreConfig, state: ExecutionState, timerId: string): Decision<ExecutionState> {
  const waiting = find(state, timerId);
  if (waiting === undefined) return { state, effects: [] };
  const again = { ...waiting, attempt: waiting.attempt + 1 };
  const unbooked = state.unbooked.map((other) => (other === waiting ? again : other));
  return { state: { ...state, unbooked }, effects: [ask(config, again)] };
}

function ask({ validators }: CoreConfig, { opId, request, attempt }: Unbooked): Effect {
  const to = validators[attempt % validators.length];
  if (to === undefined) throw new Error("broken invariant: there is a validator");
  return {
    kind: "call",
    id: callIdOf(opId),
    call: "QuorumService.Propose",
    to,
    type: "quorum.propose",
    payload: fromBinary(ProposeRequestSchema, request),
    intent: "BOOK",
    idempotencyKey: opId,
  };
}

function retryLater({ opId }: Unbooked, state: ExecutionState, nowMs: number): Decision<ExecutionState> {
  return { state, effects: [{ kind: "timer", id: callIdOf(opId), dueMs: nowMs + RETRY_MS, data: null }] };
}

function find(state: ExecutionState, id: string): Unbooked | undefined {
  return state.unbooked.find(({ opId }) => callIdOf(opId) === id);
}

/** Of the call and of the timer that repeats it. */
function callIdOf(opId: string): string {
  return `propose:${opId}`;
}

/** Long enough for a validator's election, short beside the ten seconds after which trading stops. */
const RETRY_MS = 1_000;
/** Codes that say "not now", not "no": nothing was decided about the fills. */
const PASSING: ReadonlySet<string> = new Set(["NO_QUORUM", "BEHIND", "AHEAD", "VOTED_OTHERWISE"]);
