/** Keys of a cluster: one file a key, 32 random bytes in hex, readable by its owner alone. A process is handed only its own. */
import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
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
    const path = this.#path(sender, purpose);
    if (this.#makes && !existsSync(path)) this.#make(path);
    if (!existsSync(path)) throw new InputError("NO_SUCH_FILE", `${path}: ${sender} has no such key in this cluster`);
    return readKey(path);
  }

  /** Makes a new key, beside the one in use if there is one. */
  next(sender: string, purpose: KeyPurpose): Signer {
    const path = this.#path(sender, purpose, existsSync(this.#path(sender, purpose)) ? ".next" : "");
    this.#make(path);
    return readKey(path);
  }

  /** @throws InputError where a next key waits to be enrolled already */
  checkNext(sender: string, purpose: KeyPurpose): void {
    const path = this.#path(sender, purpose, ".next");
    if (existsSync(path))
      throw new InputError("BAD_OPTION", `${path}: a key waits there to be enrolled: enrol it, or remove the file`);
  }

  /** Puts the next key into use, if it is this one; the one before stays beside it, for whoever has to go back. */
  adopt(sender: string, purpose: KeyPurpose, keyid: string): boolean {
    const [path, next] = [this.#path(sender, purpose), this.#path(sender, purpose, ".next")];
    if (!existsSync(next) || readKey(next).keyid !== keyid) return false;
    copyFileSync(path, this.#path(sender, purpose, ".old"));
    renameSync(next, path);
    return true;
  }

  #path(sender: string, purpose: KeyPurpose, which = ""): string {
    return join(this.#dir, keyFile(sender, purpose, which));
  }

  #make(path: string): void {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  }
}

/** The name of its file: `policy.envelope.key`. */
export function keyFile(sender: string, purpose: KeyPurpose, which = ""): string {
  return `${baseOf(sender)}.${purposes[purpose]}${which}.key`;
}

/** The names of all that a sender has in use. */
export function keyFilesOf(sender: string): RegExp {
  return new RegExp(`^${baseOf(sender)}\\.[a-z]+\\.key$`);
}

function baseOf(sender: string): string {
  return sender.replaceAll(/[^a-z0-9-]/g, "_");
}

/** @throws InputError for what is no key, without repeating it */
function readKey(path: string): Signer {
  const hex = readFileSync(path, "utf8").trim();
  if (!/^[0-9a-f]{64}$/.test(hex))
    throw new InputError("BAD_OPTION", `${path}: no key: 64 hexadecimal digits are wanted; restore it from your copy`);
  return signerFromSeed(Buffer.from(hex, "hex"));
}
