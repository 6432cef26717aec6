/**
 * Who signs with what. One key, one purpose; a grant says which rights the control log gives it, and carries the proof that its holder
 * has it.
 */
import { create } from "@bufbuild/protobuf";
import { type KeyGrant, type KeyPurpose, KeyState, type Mode, TypeGrantSchema } from "@countersign/contracts";
import { deriveSigner, makeGrant, type Signer, sha256 } from "@countersign/envelope";
import type { Right } from "./authority.ts";

export interface Signers {
  signer(sender: string, purpose: KeyPurpose): Signer;
}

/**
 * Every key of a replay, derived from its seed. Known to whoever knows the seed, so they are granted for replay alone: an envelope signed
 * by one is refused in every other mode.
 */
export class ReplayKeys implements Signers {
  readonly #seed: Uint8Array;

  constructor(seed: string) {
    this.#seed = sha256(Buffer.from(`countersign replay keys ${seed}`));
  }

  signer(sender: string, purpose: KeyPurpose): Signer {
    return deriveSigner(this.#seed, `${purpose} ${sender}`);
  }
}

export interface GrantRequest {
  readonly sender: string;
  readonly purpose: KeyPurpose;
  readonly mode: Mode;
  readonly person?: boolean;
  readonly says?: readonly Right[];
  /** Decision time. */
  readonly fromMs: number;
}

export function grant(
  signers: Signers,
  { sender, purpose, mode, person = false, says = [], fromMs }: GrantRequest,
): KeyGrant {
  return makeGrant(
    {
      sender,
      person,
      purpose,
      modes: [mode],
      types: says.map((right) => create(TypeGrantSchema, right)),
      validFromMs: BigInt(fromMs),
      validUntilMs: BigInt(fromMs + VALID_MS),
      state: KeyState.ACTIVE,
    },
    signers.signer(sender, purpose),
  );
}

/** Longer than any trace. */
const VALID_MS = 100 * 366 * 86_400_000;
