/** A part of the floor that only has to be put together: a validator. */
import { makeValidator, type Validator, type ValidatorConfig } from "@countersign/agent-validator";
import { KeyPurpose, Mode } from "@countersign/contracts";
import { VALIDATORS } from "../../../platform/src/genesis.ts";
import type { Firm } from "./p01-firm.ts";

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
