/** Parts of the floor that only have to be put together: a sealed call, a validator. */
import { makeValidator, type Validator, type ValidatorConfig } from "@countersign/agent-validator";
import { KeyPurpose, Mode } from "@countersign/contracts";
import { deriveMsgId, type Signer, seal } from "@countersign/envelope";
import { VALIDATORS } from "../../../platform/src/genesis.ts";
import type { Firm } from "./p01-firm.ts";

export interface Call {
  readonly call: string;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly sender: string;
  readonly timeMs: number;
  /** Names this call among the sender's of this moment. */
  readonly nth: string;
}

/** Every call under an idempotency key of its own: asked again, it is asked anew. */
export function sealCall({ call, type, payload, sender, timeMs, nth }: Call, signer: Signer): Uint8Array {
  const msgId = deriveMsgId({ timeMs, sender, causationId: `${type} ${nth}`, effectIndex: 0 });
  const ids = { msgId, correlationId: msgId, causationId: "", idempotencyKey: msgId };
  const names = { type, version: "v1", sender, intent: "ASK", topic: call, key: "" };
  return seal({ ...ids, ...names, sentAtMs: BigInt(timeMs), ttlMs: 30_000, payload }, signer).bytes;
}

export function validatorOf(
  firm: Firm,
  name: string,
  ports: Pick<ValidatorConfig, "rpc" | "nowMs" | "publish">,
): Validator {
  const { keys, genesis, instruments, log } = firm;
  return makeValidator({
    name,
    peers: [...VALIDATORS],
    mode: Mode.REPLAY,
    genesis,
    envelopeSigner: keys.signer(name, KeyPurpose.ENVELOPE),
    voteSigner: keys.signer(name, KeyPurpose.VOTE),
    checkpointSigner: keys.signer(name, KeyPurpose.CHECKPOINT),
    instruments,
    log,
    store: firm.store(name),
    ...ports,
  });
}
