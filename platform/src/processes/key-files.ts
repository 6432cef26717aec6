/** Keys of a cluster: one file a key, 32 random bytes in hex, readable by its owner alone. A process is handed only its own. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeyPurpose } from "@countersign/contracts";
import { type Signer, signerFromSeed } from "@countersign/envelope";
import { InputError } from "../inputs.ts";
import type { Signers } from "../keys.ts";

const purposes: Readonly<Record<KeyPurpose, string>> = {
  [KeyPurpose.UNSPECIFIED]: "none",
  [KeyPurpose.ENVELOPE]: "envelope",
  [KeyPurpose.PERMIT]: "permit",
  [KeyPurpose.APPROVAL]: "approval",
  [KeyPurpose.VOTE]: "vote",
  [KeyPurpose.CHECKPOINT]: "checkpoint",
};

export class KeyFiles implements Signers {
  readonly #dir: string;
  readonly #makes: boolean;

  /** @param makes whether a key that does not exist is made: by who founds the cluster, and by nobody else */
  constructor(dir: string, { makes }: { readonly makes: boolean }) {
    this.#dir = dir;
    this.#makes = makes;
  }

  /** @throws InputError NO_SUCH_FILE */
  signer(sender: string, purpose: KeyPurpose): Signer {
    const path = join(this.#dir, `${sender.replaceAll(/[^a-z0-9-]/g, "_")}.${purposes[purpose]}.key`);
    if (this.#makes && !existsSync(path)) {
      mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
      writeFileSync(path, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
    }
    if (!existsSync(path)) throw new InputError("NO_SUCH_FILE", `${path}: ${sender} has no such key in this cluster`);
    return signerFromSeed(Buffer.from(readFileSync(path, "utf8").trim(), "hex"));
  }
}
