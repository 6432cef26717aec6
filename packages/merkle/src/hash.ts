// The hashes of RFC 6962 §2.1 (unchanged in RFC 9162 §2.1.1): the prefix keeps a leaf from being passed off as a node.
import { hash } from "node:crypto";
import { MerkleError } from "./error.ts";

export const HASH_BYTES = 32;

/** SHA-256(0x00 ‖ data): what the tree holds of one entry. */
export function leafHash(data: Uint8Array): Uint8Array {
  writeLeaf(single, 0, data);
  return new Uint8Array(single);
}

/** SHA-256(0x01 ‖ left ‖ right). Throws `BAD_HASH` unless both are 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  requireHash(left);
  requireHash(right);
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + HASH_BYTES);
  writeDigest(single, 0, nodeInput);
  return new Uint8Array(single);
}

/** SHA-256 of nothing: the root of a tree without leaves. */
export const emptyRoot: Uint8Array = new Uint8Array(hash("sha256", "", "buffer"));

/** Writes `leafHash(data)` into `out` at `offset`. */
export function writeLeaf(out: Buffer, offset: number, data: Uint8Array): void {
  const bytes = 1 + data.length;
  const input = bytes <= leafInput.length ? leafInput : Buffer.alloc(bytes);
  input.set(data, 1);
  writeDigest(out, offset, input.subarray(0, bytes));
}

/** Writes the parent of the two hashes that lie side by side in `level` from `pairOffset` into `out` at `offset`. */
export function writeParent(out: Buffer, offset: number, level: Buffer, pairOffset: number): void {
  level.copy(nodeInput, 1, pairOffset, pairOffset + 2 * HASH_BYTES);
  writeDigest(out, offset, nodeInput);
}

export function requireHash(value: Uint8Array): void {
  if (value.length !== HASH_BYTES) throw new MerkleError("BAD_HASH", `a hash has 32 bytes, this one ${value.length}`);
}

// Reused by every call: hashing is synchronous, so nobody sees them half written. Byte 0 is the prefix and stays.
const leafInput = Buffer.alloc(4096);
const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES);
nodeInput[0] = 0x01;
const single = Buffer.alloc(HASH_BYTES);

// The digest leaves OpenSSL as a latin1 string: one byte a character, and a third of the time of a new Buffer.
function writeDigest(out: Buffer, offset: number, input: Uint8Array): void {
  out.write(hash("sha256", input, "latin1"), offset, HASH_BYTES, "latin1");
}
