/**
 * One try at a transaction: inputs of one aggregate are decided upon, in order, and become one commit. Pure but for the signature; a
 * conflict throws it away and tries again.
 */
import { attach, type Signer, sealBatch } from "@countersign/envelope";
import type { Agent, Context, Effect, PublishEffect } from "./agent.ts";
import { type Chains, chainRows, type Draft, draftBodies, effectsDigest } from "./drafts.ts";
import { journalText } from "./journal.ts";
import type { Pending } from "./pending.ts";
import type { Commit, Loaded, OutboxRow, SnapshotRow } from "./store.ts";

export interface Circumstances<V> extends Omit<Context<V>, "cause"> {
  readonly sender: string;
  /** Do replicas decide for this aggregate, too? */
  readonly isShared: boolean;
  readonly chains: Chains;
  readonly positions: Readonly<Record<string, string>>;
  /** A claim that turned out to be taken, and whose input asked for it. */
  readonly claimed: { readonly id: string; readonly pending: Pending } | undefined;
  readonly signer: Signer;
  readonly finish: ((effect: PublishEffect) => PublishEffect) | undefined;
  readonly snapshot: SnapshotRow | undefined;
  readonly published: readonly string[];
}

export interface SealedDraft {
  readonly draft: Draft;
  readonly bytes: Uint8Array;
  /** What must be sent for certain; a market topic's message and a reply are not. */
  readonly row: OutboxRow | undefined;
}

/** An effect, and the input that led to it. */
export interface Wanted {
  readonly effect: Effect;
  readonly by: Pending;
}

export interface Attempt {
  readonly commit: Commit;
  readonly state: unknown;
  readonly changed: boolean;
  readonly chains: Chains;
  readonly wanted: readonly Wanted[];
  readonly sealed: readonly SealedDraft[];
  /** The sealed answer of each input that has one. */
  readonly answers: ReadonlyMap<Pending, Uint8Array>;
  /** Which input asked for which claims. */
  readonly claims: ReadonlyMap<Pending, readonly string[]>;
}

/** Undefined when nothing came of the inputs: then nothing is written, not even that they were seen. */
export function attempt<S, V>(
  agent: Agent<S, V>,
  key: string,
  loaded: Loaded,
  inputs: readonly Pending[],
  now: Circumstances<V>,
): Attempt | undefined {
  const initial = loaded.state === undefined ? agent.initial(key) : (loaded.state as S);
  let state = initial;
  let chains = now.chains;
  // Of the inputs before: in one transaction a claim can be taken once, too.
  const takenHere = new Set<string>();
  const decided = inputs.map((pending) => {
    const decision = agent.decide(state, pending.input, { ...context(now), cause: pending.cause });
    const taken = takenClaim(decision.effects, pending, now.claimed, takenHere);
    if (taken === undefined) state = decision.state;
    const effects = taken === undefined ? decision.effects : taken.otherwise;
    for (const id of claimIds(effects)) takenHere.add(id);
    const answering = pending.input.kind === "call" ? pending.input.call : undefined;
    const finished = now.finish === undefined ? effects : effects.map((effect) => finishEffect(effect, now.finish));
    const drafted = draftBodies(finished, chains, {
      sender: now.sender,
      cause: pending.cause,
      nowMs: now.nowMs,
      answering,
    });
    chains = drafted.chains;
    return { pending, effects, drafts: drafted.drafts, claimed: taken?.id };
  });
  const sealed = sealDrafts(
    decided.flatMap(({ drafts }) => drafts),
    now.signer,
  );
  let sealedSoFar = 0;
  const decisions = decided.map(({ drafts, ...decision }) => {
    const own = sealed.slice(sealedSoFar, sealedSoFar + drafts.length);
    sealedSoFar += drafts.length;
    return { ...decision, sealed: own };
  });
  const changed = state !== initial;
  const effects = decisions.flatMap((decision) => decision.effects);
  if (!changed && effects.length === 0) return undefined;
  const answers = new Map(
    decisions.flatMap(({ pending, sealed: own }) => {
      const answer = own.find(({ draft }) => isReply(draft));
      return answer === undefined ? [] : [[pending, answer.bytes] as const];
    }),
  );
  const claims = new Map(decisions.map(({ pending, effects: own }) => [pending, claimIds(own)]));
  const commit: Commit = {
    inbox: decisions.flatMap(({ pending }) => pending.inbox.map((row) => ({ ...row, answer: answers.get(pending) }))),
    // Where replicas decide too, also what changes nothing must have been decided on what is there: it stands in the journal behind it.
    aggregate: changed || now.isShared ? { key, version: loaded.version, state } : undefined,
    claims: [...claims].flatMap(([{ cause }, ids]) => ids.map((id) => ({ id, by: cause.msgId }))),
    timers: decisions.flatMap(({ pending, effects: own }) => timersOf(own, key, pending.cause.correlationId)),
    cancelledTimers: [
      ...inputs.flatMap(({ input }) => (input.kind === "timer" ? [input.id] : [])),
      ...effects.flatMap((effect) => (effect.kind === "cancel-timer" ? [effect.id] : [])),
    ],
    journal: decisions.map(({ pending, effects: own, claimed }) => ({
      entry: journalText({
        key,
        nowMs: now.nowMs,
        input: pending.journalled,
        cause: pending.cause.msgId,
        fence: now.fence,
        auditTrailing: now.auditTrailing,
        ...(now.auditStale === true && { auditStale: true }),
        positions: now.positions,
        ...(claimed === undefined ? {} : { claimed }),
        effects: effectsDigest(own),
      }),
    })),
    outbox: sealed.flatMap(({ row }) => (row === undefined ? [] : [row])),
    chains: chainRows(now.chains, chains, sealed),
    appends: effects.flatMap((effect) => (effect.kind === "append" ? [effect] : [])),
    snapshot: now.snapshot,
    published: now.published,
  };
  const wanted = decisions.flatMap(({ pending, effects: own }) => own.map((effect) => ({ effect, by: pending })));
  return { commit, state, changed, chains, wanted, sealed, answers, claims };
}

/** Is there anything in it that must survive? What is said on market topics alone is a lease, not a record. */
export function isDurable({ changed, wanted, sealed }: Attempt): boolean {
  return (
    changed || sealed.some(({ row }) => row !== undefined) || wanted.some(({ effect }) => effect.kind !== "publish")
  );
}

function isReply({ effect }: Draft): boolean {
  return effect.kind === "reply" || (effect.kind === "publish" && effect.reply === true);
}

function context<V>(now: Circumstances<V>): Omit<Context<V>, "cause"> {
  const { nowMs, view, fence, auditTrailing, auditStale } = now;
  return { nowMs, view, fence, auditTrailing, ...(auditStale === true && { auditStale }) };
}

/** The first claim of this input that the store, or an input before it, has already. */
function takenClaim(
  effects: readonly Effect[],
  pending: Pending,
  claimed: Circumstances<unknown>["claimed"],
  takenHere: ReadonlySet<string>,
) {
  const isTaken = (id: string) => takenHere.has(id) || (claimed?.pending === pending && claimed.id === id);
  return effects.find((effect) => effect.kind === "claim" && isTaken(effect.id)) as
    | Extract<Effect, { kind: "claim" }>
    | undefined;
}

function finishEffect(effect: Effect, finish: Circumstances<unknown>["finish"]): Effect {
  return effect.kind === "publish" && finish !== undefined ? finish(effect) : effect;
}

/** What one commit says is signed once: by one tree head over all of it. Each with what is attached, and its row of the outbox. */
export function sealDrafts(drafts: readonly Draft[], signer: Signer): readonly SealedDraft[] {
  const bodies = sealBatch(
    drafts.map(({ body }) => body),
    signer,
  );
  return drafts.map((draft, n) => {
    const attached = draft.effect.kind === "publish" ? (draft.effect.attached ?? []) : [];
    const { bytes: sealed } = bodies[n]!;
    const bytes = attached.length > 0 ? attach(sealed, attached) : sealed;
    return { draft, bytes, row: rowOf(draft, bytes) };
  });
}

function rowOf({ effect, body, spec }: Draft, bytes: Uint8Array): OutboxRow | undefined {
  const row = { msgId: body.msgId, key: body.key, seq: body.seq, bytes };
  if (effect.kind === "call") return { ...row, kind: "call", topic: `${effect.call}@${effect.to}`, callId: effect.id };
  if (effect.kind !== "publish" || spec?.delivery !== "record") return undefined;
  return { ...row, kind: "publish", topic: effect.topic, callId: undefined };
}

function claimIds(effects: readonly Effect[]): readonly string[] {
  return effects.flatMap((effect) => (effect.kind === "claim" ? [effect.id] : []));
}

function timersOf(effects: readonly Effect[], key: string, correlationId: string) {
  return effects.flatMap((effect) =>
    effect.kind === "timer" ? [{ id: effect.id, key, dueMs: effect.dueMs, data: effect.data, correlationId }] : [],
  );
}
