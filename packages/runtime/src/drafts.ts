/**
 * From effects to message bodies: pure, because the journal's replay must make the same bodies again, byte for byte.
 *
 * A msg_id is derived from its cause's time, the sender, the cause and the effect's place in the decision; `seq` and `prev` count per
 * (sender, topic, key).
 */
import { type DescMessage, toBinary } from "@bufbuild/protobuf";
import { COMMAND_TTL_MS, callSpec, schemaOf, type TopicSpec, topicSpec } from "@countersign/contracts";
import { type Chain, deriveMsgId, type EnvelopeBody, emptyChain, nextLink, sha256 } from "@countersign/envelope";
import type { CallEffect, Cause, Effect, PublishEffect } from "./agent.ts";
import { encodeJson } from "./codec.ts";
import type { Commit } from "./store.ts";

/** Per "topic key". */
export type Chains = ReadonlyMap<string, Chain>;

export interface Draft {
  readonly body: EnvelopeBody;
  readonly effect: PublishEffect | CallEffect | Extract<Effect, { kind: "reply" }>;
  /** Of a message; a call or a reply has none. */
  readonly spec: TopicSpec | undefined;
}

export interface DraftContext {
  readonly sender: string;
  readonly cause: Cause;
  readonly nowMs: number;
  /** Name of the call that is being answered, for replies. */
  readonly answering: string | undefined;
}

/** The bodies of a decision's messages in the order of its effects, and the chains after them. Effects that say nothing have no draft. */
export function draftBodies(
  effects: readonly Effect[],
  chains: Chains,
  context: DraftContext,
): { drafts: readonly Draft[]; chains: Chains } {
  const drafts: Draft[] = [];
  const after = new Map(chains);
  for (const [index, effect] of effects.entries()) {
    if (effect.kind !== "publish" && effect.kind !== "call" && effect.kind !== "reply") continue;
    const spec = effect.kind === "publish" ? topicOf(effect) : undefined;
    const unlinked = bodyOf(effect, index, spec, context);
    if (effect.kind !== "publish" || spec === undefined) {
      drafts.push({ body: unlinked, effect, spec: undefined });
      continue;
    }
    const at = chainKey(effect.topic, effect.key);
    if (spec.delivery === "market") {
      // Never stored, so its count must go on after a restart by itself: decision time never goes back.
      const seq = max((after.get(at)?.seq ?? 0n) + 1n, BigInt(context.nowMs));
      after.set(at, { seq, prev: emptyChain.prev });
      drafts.push({ body: { ...unlinked, seq }, effect, spec });
      continue;
    }
    const { body, chain } = nextLink(after.get(at) ?? emptyChain, unlinked);
    after.set(at, chain);
    drafts.push({ body, effect, spec });
  }
  return { drafts, chains: after };
}

/**
 * What a decision did, as one number: SHA-256 over its effects in order, payloads as bytes. Without chain positions and without the
 * signatures that an edge adds, so that the journal's replay needs neither keys nor other records.
 */
export function effectsDigest(effects: readonly Effect[]): string {
  const parts = effects.flatMap((effect) => {
    const {
      payload,
      attached: _,
      otherwise: __,
      ...said
    } = { payload: undefined, attached: [], otherwise: [], ...effect };
    const text = Buffer.from(encodeJson(said));
    const bytes =
      payload === undefined || !("type" in effect) ? new Uint8Array() : toBinary(schemaFor(effect.type), payload);
    return [lengthOf(text), text, lengthOf(bytes), bytes];
  });
  return Buffer.from(sha256(Buffer.concat(parts))).toString("hex");
}

export function chainKey(topic: string, key: string): string {
  return `${topic} ${key}`;
}

/** Only the chains of records are stored: the others' counts go on by decision time. */
export function chainRows(
  before: Chains,
  after: Chains,
  sealed: readonly { readonly draft: Draft; readonly row: { readonly kind: string } | undefined }[],
): Commit["chains"] {
  const touched = new Map<string, { topic: string; key: string }>();
  for (const { draft, row } of sealed) {
    if (row?.kind !== "publish") continue;
    touched.set(chainKey(draft.body.topic, draft.body.key), { topic: draft.body.topic, key: draft.body.key });
  }
  return [...touched].map(([at, { topic, key }]) => {
    const end = after.get(at);
    if (end === undefined) throw new Error(`the chain ${at} was touched and has no end`);
    return { topic, key, was: before.get(at)?.seq ?? 0n, seq: end.seq, digest: end.prev };
  });
}

/** The time in a UUIDv7: its first 48 bits, ms. */
function timeOfMsgId(msgId: string): number {
  return Number.parseInt(msgId.slice(0, 8) + msgId.slice(9, 13), 16);
}

function bodyOf(
  effect: Draft["effect"],
  effectIndex: number,
  spec: TopicSpec | undefined,
  { sender, cause, nowMs, answering }: DraftContext,
): Omit<EnvelopeBody, "seq" | "prev"> {
  const schema = schemaFor(effect.type);
  const because = effect.kind === "reply" ? cause : (effect.cause ?? cause);
  const ages = effect.kind === "call" ? callSpec(effect.call)?.ages === true : spec?.kind === "command";
  return {
    msgId: deriveMsgId({ timeMs: timeOfMsgId(cause.msgId), sender, causationId: cause.msgId, effectIndex }),
    type: effect.type,
    version: "v1",
    correlationId: because.correlationId,
    causationId: because.msgId,
    sentAtMs: BigInt(nowMs),
    ttlMs: ages ? COMMAND_TTL_MS : 0,
    sender,
    intent: effect.intent,
    idempotencyKey: effect.kind === "reply" ? "" : (effect.idempotencyKey ?? ""),
    topic:
      effect.kind === "publish" ? effect.topic : effect.kind === "call" ? effect.call : calledBy(answering, sender),
    key: effect.kind === "publish" ? effect.key : "",
    payload: toBinary(schema, effect.payload),
  };
}

function schemaFor(type: string): DescMessage {
  const schema = schemaOf(type);
  if (schema === undefined) throw new Error(`the catalogue does not know ${type}`);
  return schema;
}

function topicOf(effect: PublishEffect): TopicSpec {
  const spec = topicSpec(effect.topic);
  if (spec === undefined) throw new Error(`no topic ${effect.topic} in the catalogue`);
  return spec;
}

function calledBy(answering: string | undefined, sender: string): string {
  if (answering === undefined) throw new Error(`${sender} replies, but nobody has called`);
  return answering;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function lengthOf(part: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}
