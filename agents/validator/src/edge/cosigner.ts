/**
 * Cosigns the checkpoints of the audit log (c2sp.org/tlog-witness). The last tree it cosigned is in its store before the signature is made:
 * so it never signs two that do not follow one from the other, whatever ends in between.
 */
import { create } from "@bufbuild/protobuf";
import { checkpointKey, cosignerName, cosignNote, edgeRoot, witness } from "@countersign/audit";
import { type CosignRequest, type CosignResponse, CosignResponseSchema, type Mode } from "@countersign/contracts";
import type { Keys, Signer } from "@countersign/envelope";
import { emptyCommit, type Store } from "@countersign/runtime";
import { Serial } from "./serial.ts";

export interface CosignerOptions {
  readonly name: string;
  /** Of the audit log. */
  readonly origin: string;
  /** The checkpoint key's. It signs nothing else. */
  readonly signer: Signer;
  readonly keys: Keys;
  readonly mode: Mode;
  /** Decision time. */
  readonly nowMs: () => number;
  readonly store: Store;
}

/** The right edge of the last tree, as `witness` takes it. */
type Tree = Parameters<typeof witness>[1];

export class Cosigner {
  readonly #o: CosignerOptions;
  readonly #serial = new Serial();
  #tree: Tree = { size: 0, hashes: [] };
  #version = 0n;

  constructor(options: CosignerOptions) {
    this.#o = options;
  }

  /** What it cosigned in an earlier life. */
  async load(): Promise<void> {
    const { state, version } = await this.#o.store.load(KEY);
    this.#tree = (state as Tree | undefined) ?? this.#tree;
    this.#version = version;
  }

  /** Of the last tree it cosigned, hex. */
  get root(): string {
    return Buffer.from(edgeRoot(this.#tree) ?? "").toString("hex");
  }

  /** `by`: who asks, which has to be whose log it is. A refusal is data. */
  cosign(request: CosignRequest, by: string): Promise<CosignResponse> {
    return this.#serial.run(() => this.#cosign(request, by));
  }

  async #cosign({ note = "", keyid, oldSize, proof, edge }: CosignRequest, by: string): Promise<CosignResponse> {
    const { name, origin, signer, nowMs, keys, mode } = this.#o;
    const key = checkpointKey(keyid, by, { keys, mode, nowMs: nowMs() });
    if (key === undefined) return this.#refused("BAD_NOTE", `${by} has no such key for checkpoints`);
    const growth = { note, oldSize: oldSize === undefined ? undefined : Number(oldSize), proof, edge };
    const seen = witness(growth, this.#tree, { origin, key });
    if (!seen.ok) return this.#refused(seen.code, seen.text);
    const elsewhere = "what it had cosigned is read again";
    if (!(await this.#remember(seen.tree))) return this.#refused("OTHER_SIZE", elsewhere); // P08.remembered
    const cosignature = cosignNote(note, cosignerName(origin, name), signer, Math.floor(nowMs() / 1_000));
    return create(CosignResponseSchema, { cosignature, keyid: signer.keyid });
  }

  #refused(code: string, text: string): CosignResponse {
    const { size, hashes } = this.#tree;
    return create(CosignResponseSchema, { code, text, size: BigInt(size), edge: [...hashes] });
  }

  /** False: the store has another tree than it believed, as after a commit whose answer was lost. */
  async #remember(tree: Tree): Promise<boolean> {
    if (tree.size === this.#tree.size) return true;
    const aggregate = { key: KEY, version: this.#version, state: tree };
    const result = await this.#o.store.commit({ ...emptyCommit, aggregate });
    if (result.kind !== "committed") {
      await this.load();
      return false;
    }
    this.#tree = tree;
    this.#version = result.version;
    return true;
  }
}

const KEY = "cosigned";
