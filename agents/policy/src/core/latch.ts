/**
 * Halts that Policy itself holds: what a person or agent asked of it, what a rule tripped, and the difference of two books. A latch
 * is in the state, so it is there after a restart; the same halt is proposed to the quorum, which makes it global and alone can
 * release it: by a certified resume that names its id, of which the fence tells, whenever this process comes to read it.
 */
import { create } from "@bufbuild/protobuf";
import {
  type AccountClosed,
  type FenceState,
  type HaltRequest,
  HaltResponseSchema,
  Log,
  latchesInForce,
  ProposeRequestSchema,
  parseScope,
} from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import { opIdOf } from "@countersign/quorum";
import type { Effect } from "@countersign/runtime";
import type { PolicyConfig } from "./config.ts";
import type { Rule } from "./limits.ts";
import { AGENT, alert, decided } from "./records.ts";
import type { Latch, PolicyState } from "./state.ts";

export interface Latched {
  readonly state: PolicyState;
  readonly effects: readonly Effect[];
}

/**
 * HaltService.Halt: authority was checked by the pipeline, form is checked here, merit by nobody. Whoever asks has the answer only
 * when the latch is held. A halt that a resume has named is over and stays so.
 */
export function requestHalt(state: PolicyState, fence: FenceState, { halt }: HaltRequest, sender: string): Latched {
  const { haltId = "", level, scope: scopeText = "", reason = "" } = halt ?? {};
  const scope = parseScope(scopeText);
  const answer = (latched: boolean, code?: string): Effect => {
    const payload = create(HaltResponseSchema, { haltId, latched, by: AGENT, ...(code === undefined ? {} : { code }) });
    return { kind: "reply", type: "halt.response", payload, intent: "HALT" };
  };
  if (haltId === "" || scope === undefined || (level !== 1 && level !== 2 && level !== 3))
    return { state, effects: [answer(false, "BAD_HALT")] };
  if (fence.released.includes(haltId)) return { state, effects: [answer(false, "RELEASED")] };
  if (state.latches.some(({ id }) => id === haltId)) return { state, effects: [answer(true)] };
  const why = `halt of level ${level} on ${scopeText}, asked by ${sender}: ${reason}`;
  const latch: Latch = { id: haltId, level, scope, code: "HALTED", source: sender, reason };
  return {
    state: withLatch(state, latch),
    effects: [answer(true), decided(haltId, "LATCHED", why), alert("HALTED", why)],
  };
}

/** A rule with the action `halt` has tripped. */
export function tripHalt(
  state: PolicyState,
  fence: FenceState,
  config: PolicyConfig,
  { rule, why, seed }: { readonly rule: Rule["rule"]; readonly why: string; readonly seed: string },
): Latched {
  return latchAccount(state, fence, config, {
    code: "HALTED",
    source: `rule ${rule}`,
    reason: `rule "${rule}": ${why}`,
    seed,
  });
}

/** The books cannot both be right: no new permit, not even to reduce, until a person has looked. */
export function closeAccount(
  state: PolicyState,
  fence: FenceState,
  config: PolicyConfig,
  reason: string,
  seed: string | undefined,
): Latched {
  return latchAccount(state, fence, config, { code: "BOOK_DIFFERS", source: "books", reason, seed: seed ?? reason });
}

/** Execution has closed its account, and may halt nobody: the halt that it named is latched here, and proposed, as Policy's own are. */
export function closeWithExecution(
  state: PolicyState,
  fence: FenceState,
  config: PolicyConfig,
  { haltId, reason }: AccountClosed,
): Latched {
  if (!haltId || state.latches.some(({ id }) => id === haltId)) return { state, effects: [] };
  return latchAs(haltId, state, fence, config, {
    code: "BOOK_DIFFERS",
    source: "execution",
    reason: `Execution's book is not the venue's: ${reason ?? ""}`,
  });
}

/** Before anything is decided: what certified resumes have named is over. */
export function releaseLatches(state: PolicyState, fence: FenceState): PolicyState {
  const latches = latchesInForce(fence, state.latches);
  return latches === state.latches ? state : { ...state, latches };
}

/** The quorum did not take the proposal: another validator is asked, and when none is left a person has to. The latch holds. */
export function retryHalt(state: PolicyState, config: PolicyConfig, callId: string, code: string): readonly Effect[] {
  const { haltId, attempt } = readCallId(callId);
  const latch = state.latches.find(({ id }) => id === haltId);
  if (latch === undefined) return [];
  const next = config.members.validators[attempt + 1];
  if (next === undefined)
    return [alert("HALT_NOT_GLOBAL", `no validator took the halt ${haltId} (${code}); it is latched here`)];
  return [proposeHalt(latch, config, attempt + 1)];
}

export function isHaltCall(callId: string): boolean {
  return callId.startsWith(CALL_PREFIX);
}

function latchAccount(
  state: PolicyState,
  fence: FenceState,
  config: PolicyConfig,
  { seed, ...why }: Pick<Latch, "code" | "source" | "reason"> & { readonly seed: string },
): Latched {
  const held = state.latches.some(({ source }) => source === why.source);
  if (held) return { state, effects: [] };
  return latchAs(businessKey("latch", config.account, why.source, seed), state, fence, config, why);
}

/** Not a halt that a resume has named: that one is over and stays so. */
function latchAs(
  id: string,
  state: PolicyState,
  fence: FenceState,
  config: PolicyConfig,
  why: Pick<Latch, "code" | "source" | "reason">,
): Latched {
  if (fence.released.includes(id)) return { state, effects: [] };
  const { code, reason } = why;
  const latch: Latch = { id, level: 1, scope: { kind: "account", id: config.account }, ...why };
  const effects = [decided(id, "LATCHED", reason), alert(code, reason), proposeHalt(latch, config, 0)];
  return { state: withLatch(state, latch), effects };
}

function withLatch(state: PolicyState, latch: Latch): PolicyState {
  return { ...state, latches: [...state.latches, latch] };
}

function proposeHalt({ id, level, scope, reason }: Latch, { account, members }: PolicyConfig, attempt: number): Effect {
  const text = scope.kind === "all" ? "all" : `${scope.kind}:${scope.id}`;
  const request = create(ProposeRequestSchema, {
    log: Log.CONTROL,
    content: { case: "halt", value: { haltId: id, level, scope: text, reason, by: AGENT } },
  });
  request.opId = opIdOf(request) ?? businessKey("halt", account, id);
  return {
    kind: "call",
    id: `${CALL_PREFIX}${attempt}:${id}`,
    call: "QuorumService.Propose",
    to: members.validators[attempt] ?? "",
    type: "quorum.propose",
    payload: request,
    intent: "HALT",
    idempotencyKey: request.opId,
  };
}

const CALL_PREFIX = "halt:";

function readCallId(callId: string): { readonly haltId: string; readonly attempt: number } {
  const [, attempt = "", haltId = ""] = callId.split(":");
  return { haltId, attempt: Number(attempt) };
}
