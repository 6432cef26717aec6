/**
 * What is known of one batch's tree, once its head has been verified: the nodes that have been shown to lie under its root. Messages of a
 * batch share most of their paths, so after the first few a message costs its leaf's hash and comparisons, instead of a hash a level.
 *
 * It answers as computing the root would: a path is right exactly if its own node is, and if each sibling above it is.
 */
import { HASH_BYTES, nodeHash } from "@countersign/merkle";

export class VerifiedTree {
  readonly size: number;
  /** All levels, the leaves' first, and of each the nodes from left to right. */
  readonly #nodes: Buffer;
  readonly #isKnown: Uint8Array;

  /** @param size leaves; memory is 66 bytes for each */
  constructor(size: number, root: Uint8Array) {
    this.size = size;
    let nodes = size;
    for (let width = size; width > 1; width = parentsOf(width)) nodes += parentsOf(width);
    this.#nodes = Buffer.alloc(nodes * HASH_BYTES);
    this.#isKnown = new Uint8Array(nodes);
    this.#learn(nodes - 1, root);
  }

  /** Is the leaf (its hash) at this place, and is this its path? `path`: from the leaf up. */
  holds(leaf: Uint8Array, index: number, path: readonly Uint8Array[]): boolean {
    const shown: { readonly node: number; readonly hash: Uint8Array }[] = [];
    let own: Uint8Array | undefined = leaf;
    let used = 0;
    let at = index;
    let firstOfLevel = 0;
    for (let width = this.size; ; width = parentsOf(width)) {
      const node = firstOfLevel + at;
      if (own !== undefined && this.#isKnown[node] === 1) {
        if (!this.#is(node, own)) return false;
        // Whatever is above a known node is known.
        own = undefined;
      }
      if (width === 1) break;
      firstOfLevel += width;
      const hasSibling = at % 2 === 1 || at + 1 < width;
      if (hasSibling) {
        const siblingNode = at % 2 === 1 ? node - 1 : node + 1;
        const sibling = path[used++];
        if (sibling === undefined) return false;
        if (own === undefined) {
          if (!this.#is(siblingNode, sibling)) return false;
        } else {
          shown.push({ node, hash: own }, { node: siblingNode, hash: sibling });
          own = at % 2 === 1 ? nodeHash(sibling, own) : nodeHash(own, sibling);
        }
      } else if (own !== undefined) shown.push({ node, hash: own });
      at = Math.floor(at / 2);
    }
    // The root is known, so by now it has been compared with one.
    if (own !== undefined || used !== path.length) return false;
    for (const { node, hash } of shown) this.#learn(node, hash);
    return true;
  }

  #is(node: number, hash: Uint8Array): boolean {
    const start = node * HASH_BYTES;
    // A loop: Buffer's own comparison costs four times as much for so few bytes.
    for (let n = 0; n < HASH_BYTES; n++) if (this.#nodes[start + n] !== hash[n]) return false;
    return true;
  }

  #learn(node: number, hash: Uint8Array): void {
    this.#nodes.set(hash, node * HASH_BYTES);
    this.#isKnown[node] = 1;
  }
}

function parentsOf(width: number): number {
  return Math.ceil(width / 2);
}
