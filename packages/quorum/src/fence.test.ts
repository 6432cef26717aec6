import { describe, expect, it } from "vitest";
import { controlEntry, expectedGenesis, genesisEntry, haltContent, resumeContent, votesFor } from "../test/platform.ts";
import { buildEntry, emptyHead } from "./entry.ts";
import { FenceReader } from "./fence.ts";

const opening = controlEntry(genesisEntry, resumeContent(["birth"], 0n));
const halt = controlEntry(opening, haltContent({ haltId: "a" }));
const log = [genesisEntry, opening, halt];

function readThrough(fence: FenceReader, entries: readonly (typeof halt)[]) {
  return entries.map((entry) => fence.apply(entry.bytes, votesFor(entry)));
}

describe("FenceReader", () => {
  it("follows the log, and tells who listens", () => {
    const fence = new FenceReader({ genesisDigest: expectedGenesis });
    const seen: bigint[] = [];
    fence.onChange(() => seen.push(fence.state().epoch));
    expect(fence.members).toBeUndefined();
    expect(readThrough(fence, log)).toEqual([{ kind: "applied" }, { kind: "applied" }, { kind: "applied" }]);
    expect(seen).toEqual([0n, 1n, 2n]);
    expect(fence.state().halts.map(({ id }) => id)).toEqual(["a"]);
    expect(fence.state().released).toEqual(["birth"]);
    expect(fence.isReleased("birth")).toBe(true);
    expect(fence.isReleased("a")).toBe(false);
    expect(fence.members?.validators).toHaveLength(3);
  });

  it("believes nothing without a certificate", () => {
    const fence = new FenceReader({ genesisDigest: expectedGenesis });
    expect(fence.apply(genesisEntry.bytes, votesFor(genesisEntry, ["validator-1"]))).toEqual({
      kind: "refused",
      code: "NO_QUORUM",
    });
    expect(fence.state().head.seq).toBe(0n);
    readThrough(fence, [genesisEntry]);
    expect(fence.apply(opening.bytes, votesFor(halt))).toEqual({ kind: "refused", code: "OTHER_ENTRY" });
    expect(fence.state()).toMatchObject({ epoch: 0n, head: { seq: 1n } });
  });

  it("goes neither back nor ahead nor aside", () => {
    const fence = new FenceReader({ genesisDigest: expectedGenesis });
    readThrough(fence, log);
    expect(readThrough(fence, log)).toEqual([{ kind: "known" }, { kind: "known" }, { kind: "known" }]);
    for (const seq of [1, 2, 3]) {
      const head = log[seq - 2] ?? emptyHead;
      const fork = controlEntry(head, haltContent({ haltId: "fork" }));
      expect(fence.apply(fork.bytes, votesFor(fork)), `at ${seq}`).toEqual({ kind: "refused", code: "FORK" });
    }
    const aside = controlEntry({ seq: 3n, digest: new Uint8Array(32) }, haltContent({ haltId: "b" }));
    expect(fence.apply(aside.bytes, votesFor(aside))).toEqual({ kind: "refused", code: "FORK" });
    const ahead = controlEntry({ seq: 4n, digest: halt.digest }, haltContent({ haltId: "b" }));
    expect(fence.apply(ahead.bytes, votesFor(ahead))).toEqual({ kind: "refused", code: "GAP" });
    const ledger = buildEntry("ledger", halt, halt.proposes);
    expect(fence.apply(ledger.bytes, votesFor(ledger))).toEqual({ kind: "refused", code: "WRONG_LOG" });
    expect(fence.head).toEqual({ seq: 3n, digest: Buffer.from(halt.digest) });
  });

  it("refuses the genesis of another platform", () => {
    const fence = new FenceReader({ genesisDigest: new Uint8Array(32) });
    expect(readThrough(fence, [genesisEntry])).toEqual([{ kind: "refused", code: "NOT_GENESIS" }]);
  });

  it("after a restart shows the halt of birth until it is where it was", () => {
    const fence = new FenceReader({ genesisDigest: expectedGenesis });
    fence.sawBefore(halt);
    readThrough(fence, [genesisEntry, opening]);
    expect(fence.state().halts.map(({ id }) => id)).toEqual(["birth"]);
    fence.confirm(fence.head, 1_000);
    expect(fence.isFresh(1_000)).toBe(false);
    const fork = controlEntry(opening, haltContent({ haltId: "fork" }));
    expect(fence.apply(fork.bytes, votesFor(fork))).toEqual({ kind: "refused", code: "FORK" });
    readThrough(fence, [halt]);
    expect(fence.state().halts.map(({ id }) => id)).toEqual(["a"]);
  });

  it("is fresh for three seconds after its head was confirmed to be the log's", () => {
    const fence = new FenceReader({ genesisDigest: expectedGenesis });
    expect(fence.isFresh(0)).toBe(false);
    readThrough(fence, [genesisEntry]);
    expect(fence.confirm(opening, 10)).toBe(false);
    expect(fence.freshAtMachineMs).toBeUndefined();
    expect(fence.confirm(genesisEntry, 10)).toBe(true);
    expect([fence.isFresh(10), fence.isFresh(3_010), fence.isFresh(3_011)]).toEqual([true, true, false]);
    expect(fence.isFresh(20, 5)).toBe(false);
  });
});
