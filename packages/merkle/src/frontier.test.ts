import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distinctEntries, logOf, toHex } from "../test/entries.ts";
import { Frontier } from "./frontier.ts";
import { leafHash } from "./hash.ts";

const entries = distinctEntries(300);
const log = logOf(entries);

describe("Frontier", () => {
  it("has the log's root after every leaf", () => {
    const frontier = new Frontier();
    for (const [index, entry] of entries.entries()) {
      expect(frontier.append(leafHash(entry))).toBe(index);
      expect(toHex([frontier.root()])).toEqual(toHex([log.root(index + 1)]));
    }
    expect(frontier.size).toBe(300);
  });

  it("goes on from a snapshot taken anywhere, and the snapshot does not move with it", () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), (cut) => {
        const writer = new Frontier();
        for (const entry of entries.slice(0, cut)) writer.append(leafHash(entry));
        const snapshot = writer.snapshot();
        const before = toHex(snapshot.hashes);
        const restored = Frontier.restore(snapshot);
        for (const entry of entries.slice(cut)) restored.append(leafHash(entry));
        expect(toHex([restored.root()])).toEqual(toHex([log.root()]));
        expect(toHex(snapshot.hashes)).toEqual(before);
        expect(toHex([writer.root()])).toEqual(toHex([log.root(cut)]));
      }),
      { numRuns: 30 },
    );
  });

  it("keeps nothing of the arrays it was given or gave", () => {
    const frontier = new Frontier();
    const hash = leafHash(new Uint8Array(1));
    const expected = toHex([hash]);
    frontier.append(hash);
    hash.fill(0);
    frontier.root().fill(0);
    for (const kept of frontier.snapshot().hashes) kept.fill(0);
    expect(toHex([frontier.root()])).toEqual(expected);
  });

  it("refuses what is no frontier", () => {
    const hash = new Uint8Array(32);
    const badSnapshot = expect.objectContaining({ code: "BAD_SNAPSHOT" });
    for (const size of [0, 3, -1, 1.5, 2 ** 53]) {
      expect(() => Frontier.restore({ size, hashes: [hash] })).toThrow(badSnapshot);
    }
    const badHash = expect.objectContaining({ code: "BAD_HASH" });
    expect(() => Frontier.restore({ size: 1, hashes: [new Uint8Array(33)] })).toThrow(badHash);
    expect(() => new Frontier().append(new Uint8Array(0))).toThrow(badHash);
  });
});
