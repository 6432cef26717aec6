// The algorithms of RFC 9162 §2.1.3.2 and §2.1.4.2, whose variable names are kept: fn and sn are the node's index and
// the last index of its level. Division stands for the shift, because sizes may pass 32 bits.
//
// Roots do not commit to sizes: take root and size from the same signed checkpoint.
import { emptyRoot, HASH_BYTES, nodeHash } from "./hash.ts";

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  /** From the leaf up. */
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

export interface ConsistencyClaim {
  readonly firstSize: number;
  readonly secondSize: number;
  readonly firstRoot: Uint8Array;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Does `root` hold this leaf at this index? `false` on anything wrong; throws TypeError on values of another type. */
export function verifyInclusion({ index, size, leafHash, proof, root }: InclusionClaim): boolean {
  requireTypes([index, size], [leafHash, root], proof);
  if (!isSize(index) || !isSize(size) || index >= size) return false;
  if (![leafHash, root, ...proof].every(isHash)) return false;

  let fn = index;
  let sn = size - 1;
  let hash = leafHash;
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(sibling, hash);
      [fn, sn] = skipPromoted(fn, sn);
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && equal(hash, root);
}

/**
 * Is the tree of `firstRoot` the beginning of the tree of `secondRoot`? `false` on anything wrong; throws TypeError on
 * values of another type. Every tree begins with the empty one, so from size 0 nothing is shown about `secondRoot`.
 */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { firstSize, secondSize, firstRoot, secondRoot, proof } = claim;
  requireTypes([firstSize, secondSize], [firstRoot, secondRoot], proof);
  if (!isSize(firstSize) || !isSize(secondSize) || firstSize > secondSize) return false;
  if (![firstRoot, secondRoot, ...proof].every(isHash)) return false;
  if (firstSize === 0 && !equal(firstRoot, emptyRoot)) return false;
  if (firstSize === secondSize) return proof.length === 0 && equal(firstRoot, secondRoot);
  if (firstSize === 0) return proof.length === 0;

  let fn = firstSize - 1;
  let sn = secondSize - 1;
  while (isOdd(fn)) {
    fn = half(fn);
    sn = half(sn);
  }
  // fn is 0 now exactly if the first tree is one complete subtree: then its root is the start, and not in the proof.
  const [start, ...siblings] = fn === 0 ? [firstRoot, ...proof] : proof;
  if (start === undefined) return false;
  let first = start;
  let second = start;
  for (const sibling of siblings) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      first = nodeHash(sibling, first);
      second = nodeHash(sibling, second);
      [fn, sn] = skipPromoted(fn, sn);
    } else {
      second = nodeHash(second, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && equal(first, firstRoot) && equal(second, secondRoot);
}

/** Passes the levels on which the last node has no sibling and rises as it is. */
function skipPromoted(index: number, last: number): [number, number] {
  let fn = index;
  let sn = last;
  while (!isOdd(fn) && fn !== 0) {
    fn = half(fn);
    sn = half(sn);
  }
  return [fn, sn];
}

function requireTypes(sizes: readonly unknown[], hashes: readonly unknown[], proof: readonly unknown[]): void {
  if (!sizes.every((size) => typeof size === "number")) throw new TypeError("sizes and indices are numbers");
  if (!Array.isArray(proof)) throw new TypeError("a proof is an array of hashes");
  if (![...hashes, ...proof].every((hash) => hash instanceof Uint8Array)) throw new TypeError("a hash is a Uint8Array");
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isHash(value: Uint8Array): boolean {
  return value.length === HASH_BYTES;
}

function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
