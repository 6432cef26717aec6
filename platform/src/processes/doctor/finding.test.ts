import { describe, expect, it } from "vitest";
import { migrations } from "./database.ts";
import { bad, lesser, ok, standingInTheWay } from "./finding.ts";
import { node } from "./machine.ts";

describe("what stands in the way", () => {
  it("is what is needed and not well, also where it could not be looked at", () => {
    const java = bad("Java", "missing", "none", "install it");
    const fence = bad("fence", "unknown", "nobody says", "ask");
    const redis = lesser(bad("Redis", "missing", "none", "install it"));
    expect(standingInTheWay([ok("Node", "26"), java, redis, fence])).toEqual([java, fence]);
    expect(standingInTheWay([ok("Node", "26"), redis])).toEqual([]);
  });
});

describe("a finding", () => {
  it("of another Node than the pinned one is wrong", () => {
    expect(node()).toMatchObject({ verdict: "ok" });
    expect(node("20.19.0")).toMatchObject({
      verdict: "wrong",
      says: expect.stringMatching(/^20\.19\.0 instead of \d/),
    });
  });

  it("of migrations compares the processes with each other", () => {
    const names = ["validator_1", "validator_2", "validator_3", "execution", "policy", "portfolio", "hedger"];
    const all = [...names, "signal", "operator", "compliance", "market", "gateway"];
    const schemas = new Map(all.map((name) => [name, ["0001-store"]]));
    expect(migrations(schemas)).toMatchObject({ verdict: "ok", says: "12 schemas, each with 0001-store" });
    // The log of the quorum has migrations of its own.
    expect(migrations(new Map([...schemas, ["quorum", ["0001-log"]]]))).toMatchObject({ verdict: "ok" });
    expect(migrations(new Map([...schemas, ["policy", ["0001-store", "0002-more"]]]))).toMatchObject({
      verdict: "wrong",
    });
    schemas.delete("hedger");
    expect(migrations(schemas)).toMatchObject({ verdict: "missing", says: "no tables of hedger yet" });
  });
});
