/**
 * Every key of a replay, derived from its seed. Known to whoever knows the seed, so they are granted for replay alone: an envelope signed
 * by one is refused in every other mode.
 */
import { create } from "@bufbuild/protobuf";
import { type KeyGrant, type KeyPurpose, KeyState, Mode, TypeGrantSchema } from "@countersign/contracts";
import { deriveSigner, makeGrant, type Signer, sha256 } from "@countersign/envelope";
import type { Right } from "./authority.ts";

/** One key, one purpose. */
export class ReplayKeys {
  readonly #seed: Uint8Array;

  constructor(seed: string) {
    this.#seed = sha256(Buffer.from(`countersign replay keys ${seed}`));
  }

  signer(sender: string, purpose: KeyPurpose): Signer {
    return deriveSigner(this.#seed, `${purpose} ${sender}`);
  }

  grant(sender: string, purpose: KeyPurpose, { person = false, says = [], fromMs }: GrantRequest): KeyGrant {
    return makeGrant(
      {
        sender,
        person,
        purpose,
        modes: [Mode.REPLAY],
        types: says.map((right) => create(TypeGrantSchema, right)),
        validFromMs: BigInt(fromMs),
        validUntilMs: BigInt(fromMs + VALID_MS),
        state: KeyState.ACTIVE,
      },
      this.signer(sender, purpose),
    );
  }
}

interface GrantRequest {
  readonly person?: boolean;
  readonly says?: readonly Right[];
  /** Decision time. */
  readonly fromMs: number;
}

/** Longer than any trace. */
const VALID_MS = 100 * 366 * 86_400_000;
