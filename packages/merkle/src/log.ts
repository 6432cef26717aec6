import { MerkleError } from "./error.ts";
import { emptyRoot, HASH_BYTES, nodeHash, requireHash, writeParent } from "./hash.ts";

/**
 * An append-only log that keeps the hash of every complete subtree, 64 bytes a leaf: level 0 holds the leaf hashes,
 * level k the roots of aligned runs of 2^k leaves. Any root or proof of any earlier size takes O(log n) of them.
 * What it returns is a copy.
 */
export class MerkleLog {
  readonly #levels: Buffer[] = [];
  #size = 0;

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  /** Adds a leaf by its hash (`leafHash(data)`) and returns its index. Throws `BAD_HASH`. */
  append(leafHash: Uint8Array): number {
    requireHash(leafHash);
    const index = this.#size;
    this.#room(0, index).set(leafHash, index * HASH_BYTES);
    // An odd node completes its parent, as a carry does in a binary counter: one hash a leaf on average.
    for (let level = 0, node = index; node % 2 === 1; level++) {
      const parent = (node - 1) / 2;
      writeParent(this.#room(level + 1, parent), parent * HASH_BYTES, this.#level(level), (node - 1) * HASH_BYTES);
      node = parent;
    }
    this.#size++;
    return index;
  }

  /** The root of the first `size` leaves. Throws `OUT_OF_RANGE`. */
  root(size = this.#size): Uint8Array {
    this.#requireSize(size);
    if (size === 0) return new Uint8Array(emptyRoot);
    let height = 0;
    while (2 ** height < size) height++;
    return this.#node(height, 0, size);
  }

  /** The path from leaf `index` to the root of the first `size` leaves, from the leaf up. Throws `OUT_OF_RANGE`. */
  inclusionProof(index: number, size = this.#size): Uint8Array[] {
    this.#requireSize(size);
    if (!(Number.isInteger(index) && index >= 0 && index < size)) {
      throw new MerkleError("OUT_OF_RANGE", `a tree of ${size} leaves has no leaf ${index}`);
    }
    return this.#path(0, index, size);
  }

  /**
   * What shows that the first `first` leaves are the beginning of the first `second`; empty if `first` is 0 or equals
   * `second`. Throws `OUT_OF_RANGE`.
   */
  consistencyProof(first: number, second = this.#size): Uint8Array[] {
    this.#requireSize(second);
    if (!(Number.isInteger(first) && first >= 0 && first <= second)) {
      throw new MerkleError("OUT_OF_RANGE", `a tree of ${second} leaves has no beginning of ${first}`);
    }
    if (first === 0 || first === second) return [];
    // The proof is the path from the last complete subtree of the smaller tree, which comes first itself unless it is
    // the whole smaller tree: then the verifier holds it already.
    let level = 0;
    let index = first - 1;
    for (; index % 2 === 1; level++) index = (index - 1) / 2;
    const path = this.#path(level, index, second);
    return index === 0 ? path : [this.#node(level, index, second), ...path];
  }

  /** The siblings on the way from a node to the root of the first `size` leaves. */
  #path(fromLevel: number, fromIndex: number, size: number): Uint8Array[] {
    const path: Uint8Array[] = [];
    let index = fromIndex;
    let last = Math.floor((size - 1) / 2 ** fromLevel);
    for (let level = fromLevel; last > 0; level++) {
      if (index % 2 === 1) path.push(this.#node(level, index - 1, size));
      else if (index < last) path.push(this.#node(level, index + 1, size));
      index = Math.floor(index / 2);
      last = Math.floor(last / 2);
    }
    return path;
  }

  /** The hash of a node in the tree of the first `size` leaves: stored if complete, else made from its children. */
  #node(level: number, index: number, size: number): Uint8Array {
    if ((index + 1) * 2 ** level <= size) {
      return new Uint8Array(this.#level(level).subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES));
    }
    const left = this.#node(level - 1, 2 * index, size);
    const rightIsEmpty = (2 * index + 1) * 2 ** (level - 1) >= size;
    return rightIsEmpty ? left : nodeHash(left, this.#node(level - 1, 2 * index + 1, size));
  }

  #requireSize(size: number): void {
    if (Number.isInteger(size) && size >= 0 && size <= this.#size) return;
    throw new MerkleError("OUT_OF_RANGE", `the log holds ${this.#size} leaves, asked for a tree of ${size}`);
  }

  #level(level: number): Buffer {
    const nodes = this.#levels[level];
    if (nodes === undefined) throw new Error(`broken invariant: level ${level} of ${this.#size} leaves is missing`);
    return nodes;
  }

  /** The level with room for one more node. Capacity doubles, so that copying costs O(1) a leaf. */
  #room(level: number, index: number): Buffer {
    const nodes = this.#levels[level];
    if (nodes !== undefined && nodes.length >= (index + 1) * HASH_BYTES) return nodes;
    const grown = Buffer.alloc(nodes === undefined ? 64 * HASH_BYTES : 2 * nodes.length);
    if (nodes !== undefined) grown.set(nodes);
    this.#levels[level] = grown;
    return grown;
  }
}
