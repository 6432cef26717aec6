/**
 * Halts asked of this agent directly (HaltService.Halt), before or without the quorum.
 *
 * 1. A latch is in the state, so in the store, before the caller has an answer.
 * 2. It is known by its halt's id. A certified resume that names the id releases it; one that does not leaves it.
 * 3. A halt that a certified resume has named never latches again, however late a copy of it comes.
 * 4. What the topic announces is certified when the fence, which verified the votes, stands on it: on the entry itself, or on one
 *    that leads back to it by `prev`. A forged announcement leads nowhere and releases nothing.
 */
import { create } from "@bufbuild/protobuf";
import { type FenceState, type Halt, HaltResponseSchema, type OpenHalt, parseScope } from "@countersign/contracts";
import { sha256 } from "@countersign/envelope";
import type { Decision, Effect } from "@countersign/runtime";
import { act } from "./acts.ts";
import { cancelHalted } from "./cancels.ts";
import { readLogEntry, readProposals } from "./log-entry.ts";
import { AGENT, decided } from "./records.ts";
import type { ControlNote, ExecutionState } from "./state.ts";

/** Who may halt is the pipeline's to check, by the right to say this type on this call. Form is judged here, merit never. */
export function onHaltRequest(
  state: ExecutionState,
  halt: Halt | undefined,
  { sender, fence }: { readonly sender: string; readonly fence: FenceState },
): Decision<ExecutionState> {
  const open = openHaltOf(halt);
  if (open === undefined) return { state, effects: [answer(halt?.haltId, "BAD_HALT")] };
  if (state.released.includes(open.id)) return { state, effects: [answer(open.id, "RELEASED")] };
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

/** An announcement on the control topic, kept until the fence says whether it is so. */
export function onControlEntry(state: ExecutionState, entry: Uint8Array, fence: FenceState): Decision<ExecutionState> {
  const note = noteOf(entry);
  if (note === undefined || state.control.some(({ digest }) => digest === note.digest)) return { state, effects: [] };
  return onFence({ ...state, control: [...state.control, note].slice(-NOTES_MAX) }, fence);
}

/** The control log has moved, as far as this process can verify: releases what it resumes, cancels what it halts. */
export function onFence(state: ExecutionState, fence: FenceState): Decision<ExecutionState> {
  const certified = certifiedBy(fence, state.control);
  const named: string[] = [];
  for (const note of state.control) {
    if (!certified.has(note.digest)) continue; // P03.latch-release
    named.push(...note.releases.filter((id) => !state.released.includes(id)));
  }
  if (named.length === 0) return cancelHalted(state, fence);
  const latches = state.latches.filter(({ id }) => !named.includes(id));
  const released = { ...state, latches, released: [...state.released, ...named] };
  const effects: Effect[] = latches.length === state.latches.length ? [] : [tellGate(released)];
  const canceled = cancelHalted(released, fence);
  return { state: canceled.state, effects: [...effects, ...canceled.effects] };
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

function noteOf(entry: Uint8Array): ControlNote | undefined {
  const message = readLogEntry(entry);
  if (message?.prev === undefined) return undefined;
  const contents = readProposals(message).map(({ content }) => content);
  return {
    digest: hex(sha256(entry)),
    prev: hex(message.prev),
    releases: contents.flatMap((content) => (content.case === "resume" ? content.value.haltIds : [])),
  };
}

/** Digests of the notes on the chain that ends at the fence's head. */
function certifiedBy(fence: FenceState, notes: readonly ControlNote[]): ReadonlySet<string> {
  const certified = new Set<string>();
  const noteAt = (digest: string) => notes.find((note) => note.digest === digest);
  let note = noteAt(fence.head.digest);
  while (note !== undefined && !certified.has(note.digest)) {
    certified.add(note.digest);
    note = noteAt(note.prev);
  }
  return certified;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Entries may be announced before the fence has read them, and by several validators out of order; not by more than this. */
const NOTES_MAX = 16;
