import { describe, expect, it } from "vitest";
import * as merkle from "./index.ts";

describe("the public face", () => {
  it("is this list", () => {
    expect(Object.keys(merkle).sort()).toEqual([
      "Extension",
      "Frontier",
      "HASH_BYTES",
      "MerkleError",
      "MerkleLog",
      "batchTree",
      "emptyRoot",
      "leafHash",
      "nodeHash",
      "verifyConsistency",
      "verifyInclusion",
    ]);
  });

  it("works as the README shows", () => {
    const log = new merkle.MerkleLog();
    for (const entry of ["buy", "sell", "hold"]) log.append(merkle.leafHash(Buffer.from(entry)));
    const [root, proof] = [log.root(), log.inclusionProof(1)];
    const leafHash = merkle.leafHash(Buffer.from("sell"));
    expect(merkle.verifyInclusion({ index: 1, size: 3, leafHash, proof, root })).toBe(true);
  });
});
