import { batchTree, leafHash } from "@countersign/merkle";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rootOf } from "./tree-head.ts";
import { VerifiedTree } from "./verified-tree.ts";

const leavesOf = (size: number) => Array.from({ length: size }, (_, n) => new Uint8Array(Buffer.from(`leaf ${n}`)));

/** One question: a leaf at a place with a path, perhaps with something wrong. */
const question = fc.record({
  index: fc.nat(400),
  leaf: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(400) }),
  wrong: fc.constantFrom("nothing", "nothing", "nothing", "nothing", "bit", "short", "long", "swapped"),
  level: fc.nat(9),
});

describe("a verified tree", () => {
  it("answers each question as computing the root does, whatever was asked before", () => {
    let right = 0;
    let wrong = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 300 }),
        fc.array(question, { minLength: 1, maxLength: 60 }),
        (size, questions) => {
          const leaves = leavesOf(size);
          const { root, paths } = batchTree(leaves);
          const tree = new VerifiedTree(size, root);
          for (const { index: n, leaf: other, wrong: how, level } of questions) {
            const index = n % size;
            const leaf = leafHash(leaves[(other ?? index) % size]!);
            const path = altered(paths[index] ?? [], how, level);
            const computed = rootOf(leaf, { index, size, path });
            const expected = computed !== undefined && Buffer.compare(computed, root) === 0;
            expect(tree.holds(leaf, index, path)).toBe(expected);
            expected ? right++ : wrong++;
          }
        },
      ),
    );
    expect(right).toBeGreaterThan(100);
    expect(wrong).toBeGreaterThan(100);
  });

  it("keeps none of the arrays it was given", () => {
    const leaves = leavesOf(5);
    const { root, paths } = batchTree(leaves);
    const tree = new VerifiedTree(5, root);
    const path = paths[1]!.map((hash) => new Uint8Array(hash));
    const leaf = leafHash(leaves[1]!);
    expect(tree.holds(leaf, 1, path)).toBe(true);
    for (const given of [leaf, ...path]) given.fill(0);
    expect(tree.holds(leafHash(leaves[1]!), 1, paths[1]!)).toBe(true);
    expect(tree.holds(leafHash(leaves[0]!), 0, paths[0]!)).toBe(true);
  });
});

function altered(path: readonly Uint8Array[], how: string, level: number): readonly Uint8Array[] {
  const at = level % Math.max(path.length, 1);
  switch (how) {
    case "bit":
      return path.map((hash, n) => (n === at ? hash.map((byte, m) => (m === level ? byte ^ 1 : byte)) : hash));
    case "short":
      return path.slice(0, -1);
    case "long":
      return [...path, new Uint8Array(32)];
    case "swapped":
      return path.toReversed();
    default:
      return path;
  }
}
