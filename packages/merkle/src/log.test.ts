import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distinctEntries, logOf, toHex } from "../test/entries.ts";
import * as oracle from "../test/oracle.ts";
import { MerkleLog } from "./log.ts";

describe("MerkleLog", () => {
  it("gives the RFC's roots, paths and consistency proofs for every size to 40", () => {
    const entries = distinctEntries(40);
    const log = logOf(entries);
    for (let size = 0; size <= entries.length; size++) {
      const head = entries.slice(0, size);
      expect(toHex([log.root(size)])).toEqual(toHex([oracle.root(head)]));
      for (let index = 0; index < size; index++) {
        expect(toHex(log.inclusionProof(index, size))).toEqual(toHex(oracle.path(index, head)));
      }
      for (let first = 1; first <= size; first++) {
        expect(toHex(log.consistencyProof(first, size))).toEqual(toHex(oracle.consistency(first, head)));
      }
    }
  });

  it("gives them for any entries, at any earlier size", () => {
    const entry = fc.uint8Array({ maxLength: 100 });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 200 }), fc.nat(), fc.nat(), (entries, a, b) => {
        const log = logOf(entries);
        const size = 1 + (a % entries.length);
        const head = entries.slice(0, size);
        expect(toHex([log.root(size)])).toEqual(toHex([oracle.root(head)]));
        expect(toHex(log.inclusionProof(b % size, size))).toEqual(toHex(oracle.path(b % size, head)));
        const first = 1 + (b % size);
        expect(toHex(log.consistencyProof(first, size))).toEqual(toHex(oracle.consistency(first, head)));
      }),
      { numRuns: 50 },
    );
  });

  it("returns copies: writing to a proof or a root does not change the log", () => {
    const log = logOf(distinctEntries(8));
    const before = toHex([log.root(), ...log.inclusionProof(3)]);
    log.root().fill(0);
    for (const hash of log.inclusionProof(3)) hash.fill(0);
    log.root(0).fill(0);
    expect(toHex([log.root(), ...log.inclusionProof(3)])).toEqual(before);
    expect(toHex([log.root(0)])).toEqual(toHex([oracle.root([])]));
  });

  it("refuses sizes and leaves it does not hold, and leaves that are no hash", () => {
    const log = logOf(distinctEntries(5));
    const outOfRange = expect.objectContaining({ code: "OUT_OF_RANGE" });
    for (const size of [-1, 6, 1.5, Number.NaN]) expect(() => log.root(size)).toThrow(outOfRange);
    for (const index of [-1, 5, 0.5, Number.NaN]) expect(() => log.inclusionProof(index)).toThrow(outOfRange);
    expect(() => log.inclusionProof(3, 3)).toThrow(outOfRange);
    expect(() => log.consistencyProof(4, 3)).toThrow(outOfRange);
    expect(() => log.consistencyProof(-1)).toThrow(outOfRange);
    expect(() => new MerkleLog().inclusionProof(0)).toThrow(outOfRange);
    expect(() => log.append(new Uint8Array(31))).toThrow(expect.objectContaining({ code: "BAD_HASH" }));
    expect(log.size).toBe(5);
  });
});
