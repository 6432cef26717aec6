/** The envelope around a call: no topic's chain, and an age where the catalogue says that the call has one. */
import { COMMAND_TTL_MS, callSpec } from "@countersign/contracts";
import { deriveMsgId } from "./ids.ts";
import type { Signer } from "./keys.ts";
import { type Sealed, seal } from "./seal.ts";

export interface CallEnvelope {
  readonly sender: string;
  /** Service.Method */
  readonly call: string;
  /** Of the request. */
  readonly type: string;
  readonly intent: string;
  readonly payload: Uint8Array;
  readonly nowMs: number;
  /** Names it among all calls of its sender: the same words make the same message. */
  readonly about: string;
  readonly idempotencyKey?: string;
}

export function sealCall(envelope: CallEnvelope, signer: Signer): Sealed {
  const { sender, call, type, intent, payload, nowMs, about, idempotencyKey = "" } = envelope;
  const ttlMs = callSpec(call)?.ages === true ? COMMAND_TTL_MS : 0;
  const msgId = deriveMsgId({ timeMs: nowMs, sender, causationId: about, effectIndex: 0 });
  const body = {
    ...{ msgId, type, version: "v1", correlationId: msgId, causationId: "" },
    ...{ sentAtMs: BigInt(nowMs), ttlMs, sender, intent, idempotencyKey, topic: call, key: "", payload },
  };
  return seal(body, signer);
}
