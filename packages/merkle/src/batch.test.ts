import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distinctEntries, logOf, toHex } from "../test/entries.ts";
import { batchTree } from "./batch.ts";

describe("batchTree", () => {
  it("gives root and paths of the log of the same entries, for every size to 260", () => {
    const entries = distinctEntries(260);
    const log = logOf(entries);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 260 }), (size) => {
        const { root, paths } = batchTree(entries.slice(0, size));
        expect(toHex([root])).toEqual(toHex([log.root(size)]));
        expect(paths.length).toBe(size);
        for (const [index, path] of paths.entries()) {
          expect(toHex(path)).toEqual(toHex(log.inclusionProof(index, size)));
        }
      }),
      { numRuns: 40, examples: [[1], [2], [3], [255], [256], [257]] },
    );
  });

  it("takes leaves of any length, also beyond the reused buffer", () => {
    const entries = [0, 1, 4095, 4096, 4097, 100_000].map((length) => new Uint8Array(length).fill(7));
    expect(toHex([batchTree(entries).root])).toEqual(toHex([logOf(entries).root()]));
  });
});
