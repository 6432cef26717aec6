/**
 * Halts asked of this agent directly (HaltService.Halt), before or without the quorum.
 *
 * 1. A latch is in the state, so in the store, before the caller has an answer.
 * 2. It is known by its halt's id. A certified resume that names the id releases it; one that does not leaves it.
 * 3. A halt that a certified resume has named never latches again, however late a copy of it comes.
 * 4. What was named is read from the fence, which verified it, and not from what is announced: so nothing forged releases a latch, and
 *    nothing is missed by who slept.
 */
import { create } from "@bufbuild/protobuf";
import {
  type FenceState,
  type Halt,
  HaltResponseSchema,
  latchesInForce,
  type OpenHalt,
  parseScope,
} from "@countersign/contracts";
import type { Decision, Effect } from "@countersign/runtime";
import { act } from "./acts.ts";
import { cancelHalted } from "./cancels.ts";
import { AGENT, decided } from "./records.ts";
import type { ExecutionState } from "./state.ts";

/** Who may halt is the pipeline's to check, by the right to say this type on this call. Form is judged here, merit never. */
export function onHaltRequest(
  state: ExecutionState,
  halt: Halt | undefined,
  { sender, fence }: { readonly sender: string; readonly fence: FenceState },
): Decision<ExecutionState> {
  const open = openHaltOf(halt);
  if (open === undefined) return { state, effects: [answer(halt?.haltId, "BAD_HALT")] };
  if (fence.released.includes(open.id)) return { state, effects: [answer(open.id, "RELEASED")] };
  if (state.latches.some((latch) => sameHalt(latch, open))) return { state, effects: [answer(open.id)] };
  let latched = state;
  latched = { ...latched, latches: [...latched.latches, open] }; // P03.gate-latch
  const canceled = cancelHalted(latched, fence);
  const why = `level ${open.level}, scope ${halt?.scope}, asked by ${sender}: ${halt?.reason}`;
  return {
    state: canceled.state,
    effects: [decided(open.id, "LATCH", why), answer(open.id), tellGate(canceled.state), ...canceled.effects],
  };
}

/**
 * Before anything is decided: what certified resumes have named is over, and so is the closing of the account that went with it. The gate
 * asks the fence itself.
 */
export function releaseLatches(state: ExecutionState, fence: FenceState): ExecutionState {
  const latches = latchesInForce(fence, state.latches);
  if (latches === state.latches) return state;
  const closed = state.closed.filter(({ haltId }) => haltId === undefined || !fence.released.includes(haltId));
  return { ...state, latches, closed };
}

/** The gate holds a copy of the latches in its own memory: it asks nobody before it refuses. */
export function tellGate({ latches }: ExecutionState): Effect {
  return act({ name: "latches", data: { latches } });
}

function openHaltOf(halt: Halt | undefined): OpenHalt | undefined {
  const scope = parseScope(halt?.scope ?? "");
  const level = halt?.level;
  if (!halt?.haltId || scope === undefined || (level !== 1 && level !== 2 && level !== 3)) return undefined;
  return { id: halt.haltId, level, scope };
}

function sameHalt(a: OpenHalt, b: OpenHalt): boolean {
  const [one, other] = [scopeText(a), scopeText(b)];
  return a.id === b.id && a.level === b.level && one === other;
}

function scopeText({ scope }: OpenHalt): string {
  return scope.kind === "all" ? scope.kind : `${scope.kind}:${scope.id}`;
}

function answer(haltId: string | undefined, code?: string): Effect {
  const payload = create(HaltResponseSchema, {
    haltId: haltId ?? "",
    latched: code === undefined,
    by: AGENT,
    ...(code === undefined ? {} : { code }),
  });
  return { kind: "reply", type: "halt.response", payload, intent: code === undefined ? "LATCH" : "REFUSE" };
}
