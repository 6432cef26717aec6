/** One signature over many messages: an RFC 6962 tree over their PAEs, whose head is signed and to which each carries its path. */
import { nodeHash } from "@countersign/merkle";
import { pae } from "./dsse.ts";
import type { OuterInclusion } from "./outer.ts";

/** What is signed of a batch: uint64 big-endian size ‖ root, under a type of its own. */
export function treeHeadPae(size: number, root: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8 + root.length);
  head.writeBigUInt64BE(BigInt(size));
  head.set(root, 8);
  return pae(treeHeadType, head);
}

/**
 * The root that a path leads to, by the algorithm of RFC 9162 §2.1.3.2 (whose names are kept: fn and sn are the node's index
 * and the last index of its level), or undefined when the path has not the length for its place. The root is not in the
 * envelope: whoever signed the head says whether it is right.
 */
export function rootOf(leafHash: Uint8Array, { index, size, path }: OuterInclusion): Uint8Array | undefined {
  let fn = index;
  let sn = size - 1;
  let hash = leafHash;
  for (const sibling of path) {
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      // Passes the levels on which the last node has no sibling and rises as it is.
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? hash : undefined;
}

const treeHeadType = "application/vnd.countersign.batch.v1+treehead";
