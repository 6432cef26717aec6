import { create } from "@bufbuild/protobuf";
import { HeartbeatSchema } from "@countersign/contracts";
import type { Context } from "@countersign/runtime";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Watch } from "./config.ts";
import { type Finding, type Health, hear, look } from "./health.ts";

const watch: Watch = { silentAfterMs: 5_000, closesWithout: [], closesAfterMs: 30_000, stops: [], replicasMax: {} };
const contextAt = (nowMs: number, seq = 7n) =>
  ({ nowMs, fence: { head: { seq, digest: "" } } }) as unknown as Context<undefined>;
const beat = (fields: { readonly controlSeq?: bigint; readonly lagMs?: bigint } = {}) =>
  create(HeartbeatSchema, { agent: "signal", ready: true, controlSeq: 7n, lagMs: 0n, ...fields });

/** Heartbeats of one agent at these times, and looks in between. */
function live(events: readonly (readonly ["beat" | "look", number, Parameters<typeof beat>[0]?])[], headSinceMs = 0) {
  let health: Health = {};
  const found: Finding[] = [];
  for (const [what, atMs, fields] of events) {
    const folded =
      what === "beat" ? hear(health, "signal", beat(fields), atMs) : look(health, contextAt(atMs), headSinceMs, watch);
    health = folded.health;
    found.push(...folded.findings);
  }
  return { health, found };
}

describe("who is heard", () => {
  it("is silent after the time, once, and back with what it took", () => {
    const { found } = live([
      ["beat", 0],
      ["look", 5_000],
      ["look", 5_001],
      ["look", 9_000],
      ["beat", 12_000],
      ["look", 12_500],
    ]);
    expect(found).toEqual([
      { kind: "silent", agent: "signal", forMs: 5_001 },
      { kind: "back", agent: "signal", afterMs: 12_000, meanMs: 12_000, outages: 1 },
    ]);
  });

  it("has a mean time to recovery over all its outages", () => {
    const { found } = live([
      ["beat", 0],
      ["look", 6_000],
      ["beat", 10_000],
      ["look", 17_000],
      ["beat", 40_000],
    ]);
    expect(found.at(-1)).toEqual({ kind: "back", agent: "signal", afterMs: 30_000, meanMs: 20_000, outages: 2 });
  });

  it("is no transaction a second while all is well", () => {
    const before = live([["beat", 0]]).health;
    expect(hear(before, "signal", beat(), 1_000).health).toBe(before);
    expect(hear(before, "signal", beat(), 2_500).health).not.toBe(before);
  });

  it("is never said to be silent by who hears it each second, whatever it says", () => {
    const says = fc.record({ controlSeq: fc.bigInt(0n, 9n), lagMs: fc.bigInt(0n, 5_000n) });
    fc.assert(
      fc.property(fc.array(says, { minLength: 1, maxLength: 60 }), (all) => {
        const events = all.flatMap((fields, n) => [
          ["beat", n * 1_000, fields] as const,
          ["look", n * 1_000 + 999] as const,
        ]);
        expect(live(events).found.filter(({ kind }) => kind === "silent" || kind === "back")).toEqual([]);
      }),
    );
  });
});

describe("a fence that trails the control log", () => {
  it("is told once a head, when that head is old enough to have been read", () => {
    const { found } = live([
      ["beat", 0, { controlSeq: 6n }],
      ["look", 4_000],
      ["beat", 5_000, { controlSeq: 6n }],
      ["look", 5_000],
      ["look", 6_000],
    ]);
    expect(found).toEqual([{ kind: "fence-behind", agent: "signal", seq: 6n, head: 7n }]);
  });

  it("is not told of one that is ahead of ours", () => {
    expect(
      live([
        ["beat", 0, { controlSeq: 8n }],
        ["look", 4_999],
      ]).found,
    ).toEqual([]);
  });
});

describe("who is behind its work", () => {
  const late = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, n) => ["beat", (from + n) * 1_000, { lagMs: 2_300n }] as const);

  it("is advised after half a minute, once", () => {
    expect(live(late(0, 29)).found).toEqual([]);
    expect(live(late(0, 60)).found).toEqual([{ kind: "late", agent: "signal", lagMs: 2_300, forMs: 30_000 }]);
  });

  it("is neither later nor less late by a watermark, which says nothing of it", () => {
    const health = live(late(0, 10)).health;
    const watermark = create(HeartbeatSchema, { agent: "signal", ready: true, consumedThroughMs: 1n });
    expect(hear(health, "signal", watermark, 10_500).health).toBe(health);
  });

  it("begins anew when it had caught up", () => {
    expect(live([...late(0, 20), ["beat", 21_000], ...late(22, 45)]).found).toEqual([]);
    expect(live([...late(0, 31), ["beat", 32_000], ...late(33, 63)]).found).toHaveLength(2);
  });
});
