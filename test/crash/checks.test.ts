import { describe, expect, it } from "vitest";
import { check, plants } from "./checks.ts";
import type { Evidence } from "./evidence.ts";

const good: Evidence = {
  sent: ["c1", "c2"],
  traded: ["1", "2"],
  working: ["i3"],
  booked: ["1", "2"],
  accepted: ["i1", "i2", "i3"],
  ended: ["i1", "i2"],
  filled: ["1", "2"],
  committed: ["m1", "m2"],
  unpublished: [],
  leaves: ["m1", "m2"],
  cosigned: 2,
  closed: [],
  kept: [{ queue: "orders.intent.v1.execution.dlq", code: "STALE" }],
  audit: [],
  ledger: [],
  differing: [],
  decisions: 9,
};

describe("the checker of the crash test", () => {
  it("finds nothing where nothing is wrong", () => {
    expect(check(good)).toEqual([]);
  });

  it.each(Object.entries(plants))("finds %s, by name", (_, [name, plant]) => {
    expect(check(plant(good)).map((finding) => finding.check)).toEqual([name]);
  });

  const wrongs: readonly (readonly [string, Partial<Evidence>])[] = [
    ["cosigned", { cosigned: 1 }],
    ["one-outcome", { ended: ["i1"] }],
    ["one-outcome", { accepted: ["i1", "i1", "i2", "i3"] }],
    ["one-outcome", { working: [] }],
    ["one-outcome", { ended: ["i1", "i2", "i3"] }],
    ["fill-known", { filled: ["1"] }],
    ["fill-known", { filled: ["1", "2", "3"] }],
    ["booked-once", { booked: ["1", "2", "3"] }],
    ["on-record", { leaves: ["m1", "m2", "m1"], cosigned: 3 }],
    ["explained", { kept: [{ queue: "risk.policy.v1.portfolio.dlq", code: "" }] }],
    ["events-pass", { kept: [{ queue: "orders.execution.v1.policy.dlq", code: "STALE" }] }],
    ["chained", { audit: ["line 3: a gap"] }],
    ["balanced", { ledger: ["entry 2: cash is 1, recomputed 2"] }],
    ["replayed", { differing: ["policy's decision 4: otherwise"] }],
    ["account-open", { closed: ["FILL_REFUSED"] }],
  ];
  it.each(wrongs)("%s: %o", (name, wrong) => {
    expect(check({ ...good, ...wrong }).map((finding) => finding.check)).toEqual([name]);
  });
});
