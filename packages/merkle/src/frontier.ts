import { MerkleError } from "./error.ts";
import { emptyRoot, HASH_BYTES, nodeHash, requireHash } from "./hash.ts";

/** `hashes`: one per bit set in `size`, the largest subtree first; at most 53 of 32 bytes. Enough to go on appending. */
export interface FrontierSnapshot {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

/** The right edge of a log, for a writer that appends and signs roots but serves no proofs. O(log n) memory. */
export class Frontier {
  readonly #hashes: Uint8Array[] = [];
  #size = 0;

  /** Continues from a snapshot. Throws `BAD_SNAPSHOT` or `BAD_HASH`. */
  static restore(snapshot: FrontierSnapshot): Frontier {
    const { size, hashes } = snapshot;
    if (!Number.isSafeInteger(size) || size < 0 || hashes.length !== bitsSet(size)) {
      throw new MerkleError("BAD_SNAPSHOT", `${hashes.length} hashes are not the frontier of ${size} leaves`);
    }
    const frontier = new Frontier();
    for (const hash of hashes) {
      requireHash(hash);
      frontier.#hashes.push(copyHash(hash));
    }
    frontier.#size = size;
    return frontier;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a leaf by its hash (`leafHash(data)`) and returns its index. Throws `BAD_HASH`. */
  append(leafHash: Uint8Array): number {
    requireHash(leafHash);
    let carry = copyHash(leafHash);
    for (let bits = this.#size; bits % 2 === 1; bits = (bits - 1) / 2) {
      const left = this.#hashes.pop();
      if (left === undefined) throw new Error(`broken invariant: frontier of ${this.#size} leaves is too short`);
      carry = nodeHash(left, carry);
    }
    this.#hashes.push(carry);
    return this.#size++;
  }

  root(): Uint8Array {
    if (this.#size === 0) return copyHash(emptyRoot);
    return copyHash(this.#hashes.reduceRight((right, left) => nodeHash(left, right)));
  }

  /** A copy: later appends do not change it. */
  snapshot(): FrontierSnapshot {
    return { size: this.#size, hashes: this.#hashes.map(copyHash) };
  }
}

function copyHash(hash: Uint8Array): Uint8Array {
  const copy = new Uint8Array(HASH_BYTES);
  copy.set(hash);
  return copy;
}

function bitsSet(size: number): number {
  return size.toString(2).replaceAll("0", "").length;
}
