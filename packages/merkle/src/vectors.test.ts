import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex, logOf, toHex } from "../test/entries.ts";
import { batchTree, emptyRoot, Frontier, leafHash, verifyConsistency, verifyInclusion } from "./index.ts";

interface Vectors {
  emptyRoot: string;
  leaves: string[];
  roots: string[];
  inclusion: { index: number; size: number; proof: string[] }[];
  consistency: { first: number; second: number; proof: string[] }[];
}

const vectors: Vectors = JSON.parse(readFileSync(new URL("../test/vectors.json", import.meta.url), "utf8"));
const entries = vectors.leaves.map(fromHex);
const rootOf = (size: number) => fromHex(vectors.roots[size - 1] ?? "");
const log = logOf(entries);

describe("reference vectors of RFC 6962", () => {
  it("has eight leaves and eight roots", () => {
    expect([vectors.leaves.length, vectors.roots.length]).toEqual([8, 8]);
  });

  it("the empty tree", () => {
    expect(toHex([emptyRoot, log.root(0), new Frontier().root(), batchTree([]).root])).toEqual(
      Array(4).fill(vectors.emptyRoot),
    );
  });

  it.each(vectors.roots.map((root, index) => ({ size: index + 1, root })))("root of $size leaves", ({ size, root }) => {
    const frontier = new Frontier();
    for (const entry of entries.slice(0, size)) frontier.append(leafHash(entry));
    const batch = batchTree(entries.slice(0, size));
    expect(toHex([log.root(size), frontier.root(), batch.root])).toEqual([root, root, root]);
  });

  it.each(vectors.inclusion)("inclusion of leaf $index in $size", ({ index, size, proof }) => {
    expect(toHex(log.inclusionProof(index, size))).toEqual(proof);
    expect(toHex(batchTree(entries.slice(0, size)).paths[index] ?? [])).toEqual(proof);
    const entry = entries[index] ?? expect.fail("no such leaf");
    const claim = { index, size, leafHash: leafHash(entry), proof: proof.map(fromHex), root: rootOf(size) };
    expect(verifyInclusion(claim)).toBe(true);
  });

  it.each(vectors.consistency)("consistency of $first with $second", ({ first, second, proof }) => {
    expect(toHex(log.consistencyProof(first, second))).toEqual(proof);
    const claim = { firstSize: first, secondSize: second, firstRoot: rootOf(first), secondRoot: rootOf(second) };
    expect(verifyConsistency({ ...claim, proof: proof.map(fromHex) })).toBe(true);
  });
});
