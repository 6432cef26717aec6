/** The envelope around a call: no topic's chain, no age. */
import { deriveMsgId, type Sealed, type Signer, seal } from "@countersign/envelope";

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
  const msgId = deriveMsgId({ timeMs: nowMs, sender, causationId: about, effectIndex: 0 });
  const body = {
    ...{ msgId, type, version: "v1", correlationId: msgId, causationId: "" },
    ...{ sentAtMs: BigInt(nowMs), ttlMs: 0, sender, intent, idempotencyKey, topic: call, key: "", payload },
  };
  return seal(body, signer);
}
