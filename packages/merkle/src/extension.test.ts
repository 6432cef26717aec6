import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distinctEntries, logOf, toHex } from "../test/entries.ts";
import { Extension } from "./extension.ts";
import { Frontier } from "./frontier.ts";
import { leafHash } from "./hash.ts";

const leaves = distinctEntries(300).map(leafHash);
const log = logOf(distinctEntries(300));

function grown(first: number, second: number): Extension {
  const before = new Frontier();
  for (const leaf of leaves.slice(0, first)) before.append(leaf);
  const extension = new Extension(before.snapshot(), second);
  for (const leaf of leaves.slice(first, second)) extension.append(leaf);
  return extension;
}

describe("Extension", () => {
  it("has the log's own proof and root, from every size to every later one", () => {
    for (let second = 0; second <= 66; second++)
      for (let first = 0; first <= second; first++) {
        const extension = grown(first, second);
        expect(toHex(extension.consistencyProof())).toEqual(toHex(log.consistencyProof(first, second)));
        expect(toHex([extension.frontier.root()])).toEqual(toHex([log.root(second)]));
      }
    const sizes = fc.tuple(fc.nat({ max: 300 }), fc.nat({ max: 300 }));
    fc.assert(
      fc.property(sizes, ([a, b]) => {
        const [first, second] = a < b ? [a, b] : [b, a];
        expect(toHex(grown(first, second).consistencyProof())).toEqual(toHex(log.consistencyProof(first, second)));
      }),
    );
  });

  it("refuses to shrink, to grow further than it said, and to prove what it does not have", () => {
    const outOfRange = expect.objectContaining({ code: "OUT_OF_RANGE" });
    const before = grown(0, 5).frontier.snapshot();
    expect(() => new Extension(before, 4)).toThrow(outOfRange);
    expect(() => grown(5, 5).append(leaves[5]!)).toThrow(outOfRange);
    expect(() => new Extension(before, 6).consistencyProof()).toThrow(outOfRange);
  });
});
