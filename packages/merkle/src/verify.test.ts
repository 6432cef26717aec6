import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distinctEntries, flipBit, logOf } from "../test/entries.ts";
import { consistencyShape, inclusionShape } from "../test/oracle.ts";
import { emptyRoot, leafHash } from "./hash.ts";
import { type ConsistencyClaim, type InclusionClaim, verifyConsistency, verifyInclusion } from "./verify.ts";

const entries = distinctEntries(100);
const leaves = entries.map(leafHash);
const log = logOf(entries);

const inclusion = (index: number, size: number): InclusionClaim => ({
  index,
  size,
  leafHash: leaves[index] ?? expect.fail("no such leaf"),
  proof: log.inclusionProof(index, size),
  root: log.root(size),
});

const consistency = (firstSize: number, secondSize: number): ConsistencyClaim => ({
  firstSize,
  secondSize,
  firstRoot: log.root(firstSize),
  secondRoot: log.root(secondSize),
  proof: log.consistencyProof(firstSize, secondSize),
});

const anyInclusion = fc
  .integer({ min: 1, max: 100 })
  .chain((size) => fc.record({ size: fc.constant(size), index: fc.nat({ max: size - 1 }) }))
  .map(({ index, size }) => inclusion(index, size));

const anyConsistency = fc
  .integer({ min: 1, max: 100 })
  .chain((second) => fc.record({ second: fc.constant(second), first: fc.integer({ min: 1, max: second }) }))
  .map(({ first, second }) => consistency(first, second));

const anyBit = fc.nat({ max: 255 });

/** Every proof that differs from `proof` in one bit, one hash, or the order of two. */
function spoiled(proof: readonly Uint8Array[], bit: number): (readonly Uint8Array[])[] {
  const stranger = leafHash(Buffer.from("stranger"));
  return [
    [...proof, stranger],
    [stranger, ...proof],
    [...proof, new Uint8Array(0)],
    ...proof.flatMap((hash, at) => [
      proof.with(at, flipBit(hash, bit)),
      proof.with(at, hash.subarray(1)),
      proof.toSpliced(at, 1),
      proof.toSpliced(at, 0, hash),
    ]),
    ...proof.slice(1).map((hash, at) => proof.with(at, hash).with(at + 1, proof[at] ?? hash)),
  ];
}

describe("verifyInclusion", () => {
  it("accepts each proof of the log and refuses it after any single change of proof, leaf or root", () => {
    fc.assert(
      fc.property(anyInclusion, anyBit, (claim, bit) => {
        expect(verifyInclusion(claim)).toBe(true);
        for (const proof of spoiled(claim.proof, bit)) expect(verifyInclusion({ ...claim, proof })).toBe(false);
        expect(verifyInclusion({ ...claim, leafHash: flipBit(claim.leafHash, bit) })).toBe(false);
        expect(verifyInclusion({ ...claim, root: flipBit(claim.root, bit) })).toBe(false);
        expect(verifyInclusion({ ...claim, leafHash: claim.leafHash.subarray(1) })).toBe(false);
        expect(verifyInclusion({ ...claim, root: new Uint8Array(0) })).toBe(false);
      }),
    );
  });

  it("accepts another index or size only where the path has the same shape, of all sizes to 18", () => {
    for (let size = 1; size <= 18; size++) {
      for (let index = 0; index < size; index++) {
        const claim = inclusion(index, size);
        for (let otherSize = 0; otherSize <= 18; otherSize++) {
          for (let other = 0; other <= 18; other++) {
            const same = other < otherSize && inclusionShape(other, otherSize) === inclusionShape(index, size);
            expect(verifyInclusion({ ...claim, index: other, size: otherSize })).toBe(same);
          }
        }
      }
    }
  });

  it("refuses every other index of the same tree, of any size", () => {
    fc.assert(
      fc.property(anyInclusion, fc.nat({ max: 120 }), (claim, index) => {
        expect(verifyInclusion({ ...claim, index })).toBe(index === claim.index);
      }),
    );
  });

  it("answers false to numbers that are no sizes, and throws on other types", () => {
    const claim = inclusion(0, 1);
    for (const size of [0, -1, 1.5, Number.NaN, 2 ** 53]) expect(verifyInclusion({ ...claim, size })).toBe(false);
    for (const index of [1, -1, 0.5, Number.NaN]) expect(verifyInclusion({ ...claim, index })).toBe(false);
    for (const wrong of [
      { size: "1" },
      { index: 0n },
      { root: "00" },
      { leafHash: [] },
      { proof: "" },
      { proof: [0] },
    ]) {
      expect(() => Reflect.apply(verifyInclusion, undefined, [{ ...claim, ...wrong }])).toThrow(TypeError);
    }
  });

  it("verifies beyond 32 bits", () => {
    const size = 2 ** 40 + 1;
    const root = log.root(2);
    const [left = expect.fail(), right = expect.fail()] = leaves;
    expect(verifyInclusion({ index: size - 1, size, leafHash: right, proof: [left], root })).toBe(true);
    expect(verifyInclusion({ index: size - 2, size, leafHash: right, proof: [left], root })).toBe(false);
  });
});

describe("verifyConsistency", () => {
  it("accepts each proof of the log and refuses it after any single change of proof or root", () => {
    fc.assert(
      fc.property(anyConsistency, anyBit, (claim, bit) => {
        expect(verifyConsistency(claim)).toBe(true);
        for (const proof of spoiled(claim.proof, bit)) expect(verifyConsistency({ ...claim, proof })).toBe(false);
        expect(verifyConsistency({ ...claim, firstRoot: flipBit(claim.firstRoot, bit) })).toBe(false);
        expect(verifyConsistency({ ...claim, secondRoot: flipBit(claim.secondRoot, bit) })).toBe(false);
        expect(verifyConsistency({ ...claim, firstRoot: claim.firstRoot.subarray(1) })).toBe(false);
      }),
    );
  });

  it("accepts other sizes only where the proof has the same shape, of all sizes to 12", () => {
    for (let second = 2; second <= 12; second++) {
      for (let first = 1; first < second; first++) {
        const claim = consistency(first, second);
        for (let otherSecond = 0; otherSecond <= 12; otherSecond++) {
          for (let otherFirst = 0; otherFirst <= 12; otherFirst++) {
            const same =
              otherFirst > 0 &&
              otherFirst < otherSecond &&
              consistencyShape(otherFirst, otherSecond) === consistencyShape(first, second);
            expect(verifyConsistency({ ...claim, firstSize: otherFirst, secondSize: otherSecond })).toBe(same);
          }
        }
      }
    }
  });

  it("refuses a log that was rewritten", () => {
    const rewritten = logOf(entries.with(3, Buffer.from("another entry")));
    for (let first = 4; first < 20; first++) {
      const claim = { firstSize: first, secondSize: 20, firstRoot: log.root(first), secondRoot: rewritten.root(20) };
      expect(verifyConsistency({ ...claim, proof: rewritten.consistencyProof(first, 20) })).toBe(false);
      expect(verifyConsistency({ ...claim, proof: log.consistencyProof(first, 20) })).toBe(false);
    }
  });

  it("the empty tree is the beginning of every tree, without a proof and with its own root only", () => {
    const claim = { firstSize: 0, secondSize: 5, firstRoot: emptyRoot, secondRoot: log.root(5), proof: [] };
    expect(verifyConsistency(claim)).toBe(true);
    expect(verifyConsistency({ ...claim, firstRoot: log.root(1) })).toBe(false);
    expect(verifyConsistency({ ...claim, proof: [log.root(5)] })).toBe(false);
    expect(verifyConsistency({ ...claim, secondSize: 0 })).toBe(false);
    expect(verifyConsistency({ ...claim, secondSize: 0, secondRoot: emptyRoot })).toBe(true);
  });

  it("answers false to numbers that are no sizes, and throws on other types", () => {
    const claim = consistency(3, 5);
    for (const firstSize of [-1, 1.5, 6, Number.NaN]) expect(verifyConsistency({ ...claim, firstSize })).toBe(false);
    for (const secondSize of [-1, 2, 5.5, 2 ** 53]) expect(verifyConsistency({ ...claim, secondSize })).toBe(false);
    for (const wrong of [{ firstSize: "3" }, { secondRoot: null }, { proof: {} }]) {
      expect(() => Reflect.apply(verifyConsistency, undefined, [{ ...claim, ...wrong }])).toThrow(TypeError);
    }
  });
});
