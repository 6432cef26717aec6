import { emptyRoot, HASH_BYTES, writeLeaf, writeParent } from "./hash.ts";

/** `paths[i]` is the inclusion proof of `leaves[i]`, from the leaf up. Paths share their hashes: do not write to them. */
export interface BatchTree {
  readonly root: Uint8Array;
  readonly paths: readonly (readonly Uint8Array[])[];
}

/**
 * The tree over a whole batch, with every path. `leaves` are entries (they are hashed here), not hashes. A path
 * keeps the hashes of the whole batch in memory, so batches are small: 256, not a million.
 */
export function batchTree(leaves: readonly Uint8Array[]): BatchTree {
  if (leaves.length === 0) return { root: new Uint8Array(emptyRoot), paths: [] };
  const paths: Uint8Array[][] = leaves.map(() => []);
  let level: Buffer = Buffer.allocUnsafeSlow(leaves.length * HASH_BYTES);
  leaves.forEach((leaf, index) => {
    writeLeaf(level, index * HASH_BYTES, leaf);
  });
  for (let height = 0; level.length > HASH_BYTES; height++) {
    addSiblings(paths, level, height);
    level = parents(level);
  }
  return { root: new Uint8Array(level), paths };
}

/** Adds to each leaf's path its sibling on this level. The last node of an odd level has none and rises as it is. */
function addSiblings(paths: readonly Uint8Array[][], level: Buffer, height: number): void {
  const nodes: Uint8Array[] = [];
  for (let offset = 0; offset < level.length; offset += HASH_BYTES) {
    nodes.push(new Uint8Array(level.buffer, level.byteOffset + offset, HASH_BYTES));
  }
  paths.forEach((path, leaf) => {
    const sibling = nodes[(leaf >> height) ^ 1];
    if (sibling !== undefined) path.push(sibling);
  });
}

function parents(level: Buffer): Buffer {
  const nodes = level.length / HASH_BYTES;
  const above = Buffer.allocUnsafeSlow(Math.ceil(nodes / 2) * HASH_BYTES);
  for (let node = 0; node + 1 < nodes; node += 2) writeParent(above, (node / 2) * HASH_BYTES, level, node * HASH_BYTES);
  if (nodes % 2 === 1) level.copy(above, above.length - HASH_BYTES, level.length - HASH_BYTES);
  return above;
}
