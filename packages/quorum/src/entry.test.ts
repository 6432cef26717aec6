import { describe, expect, it } from "vitest";
import { genesisEntry, haltContent, sealPropose, timeMs } from "../test/platform.ts";
import { buildEntry, emptyHead, entryDigest, entryTimeMs, positionOf, readEntry } from "./entry.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

describe("an entry", () => {
  it("is read as it was built, and its digest covers log, seq, prev and proposes", () => {
    const head = { seq: 4n, digest: new Uint8Array(32).fill(9) };
    const entry = buildEntry("ledger", head, [bytes("a"), bytes("b")]);
    expect(readEntry(entry.bytes)).toEqual(entry);
    const others = [
      buildEntry("control", head, [bytes("a"), bytes("b")]),
      buildEntry("ledger", { ...head, seq: 5n }, [bytes("a"), bytes("b")]),
      buildEntry("ledger", { ...head, digest: new Uint8Array(32) }, [bytes("a"), bytes("b")]),
      buildEntry("ledger", head, [bytes("b"), bytes("a")]),
      buildEntry("ledger", head, [bytes("ab")]),
    ];
    expect(new Set([entry, ...others].map(({ digest }) => Buffer.from(digest).toString("hex"))).size).toBe(6);
    expect(entryDigest(entry.bytes)).toEqual(entry.digest);
  });

  it("that lacks something is none", () => {
    expect(readEntry(new Uint8Array())).toBeUndefined();
    expect(readEntry(bytes("no entry"))).toBeUndefined();
    expect(readEntry(buildEntry("ledger", emptyHead, []).bytes)).toBeUndefined();
    expect(
      readEntry(buildEntry("ledger", { seq: 0n, digest: new Uint8Array(31) }, [bytes("a")]).bytes),
    ).toBeUndefined();
  });

  it("stands next to its head, or it is known, a gap or a fork", () => {
    const next = buildEntry("control", genesisEntry, [bytes("a")]);
    expect(positionOf(genesisEntry, emptyHead)).toBe("next");
    expect(positionOf(next, genesisEntry)).toBe("next");
    expect(positionOf(next, emptyHead)).toBe("GAP");
    expect(positionOf(genesisEntry, genesisEntry)).toBe("known");
    expect(positionOf(next, { ...genesisEntry, digest: new Uint8Array(32) })).toBe("FORK");
    expect(positionOf(next, { seq: 2n, digest: new Uint8Array(32) })).toBe("FORK");
  });

  it("has the time of its latest proposal, and of what is none the beginning", () => {
    expect(entryTimeMs(buildEntry("control", emptyHead, [sealPropose(haltContent({ haltId: "a" })), bytes("x")]))).toBe(
      timeMs,
    );
    expect(entryTimeMs(buildEntry("control", emptyHead, [bytes("x")]))).toBe(0);
  });
});
