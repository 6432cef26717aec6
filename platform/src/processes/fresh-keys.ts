/** Keys made for a cluster that is founded, held in memory until whoever founds it has given each to its owner. */
import { randomBytes } from "node:crypto";
import type { KeyPurpose } from "@countersign/contracts";
import { type Signer, signerFromSeed } from "@countersign/envelope";
import type { Signers } from "../keys.ts";
import { keyFile } from "./key-files.ts";

export class FreshKeys implements Signers {
  readonly #seeds = new Map<string, { readonly sender: string; readonly seed: Buffer }>();

  signer(sender: string, purpose: KeyPurpose): Signer {
    const file = keyFile(sender, purpose);
    const { seed } = this.#seeds.get(file) ?? { seed: randomBytes(32) };
    this.#seeds.set(file, { sender, seed });
    return signerFromSeed(seed);
  }

  /** What lies in the key folder of this sender: by file name its text. */
  filesOf(sender: string): Readonly<Record<string, string>> {
    const own = [...this.#seeds].filter(([, one]) => one.sender === sender);
    return Object.fromEntries(own.map(([file, { seed }]) => [file, `${seed.toString("hex")}\n`]));
  }
}
