import { readFileSync } from "node:fs";
import { cloneFile } from "@countersign/platform";
import { describe, expect, it } from "vitest";
import { allowed, asked, differences, everybody, type Topology } from "./reachability.ts";

const topology: Topology = JSON.parse(readFileSync(cloneFile("charts/countersign/files/topology.json"), "utf8"));

describe("who may reach whom", () => {
  it("a cluster that lets through what the topology asks for, and nothing else, has no differences", () => {
    expect(differences(topology, allowed(topology))).toEqual([]);
  });

  it("everything that is allowed is also asked", () => {
    const names = new Set(asked(topology).map(({ from, to, port }) => `${from} ${to} ${port}`));
    expect(allowed(topology).filter(({ from, to, port }) => !names.has(`${from} ${to} ${port}`))).toEqual([]);
  });

  it("each pair of processes is asked, in both directions, on each port", () => {
    const count = everybody(topology).length;
    expect(asked(topology)).toHaveLength(count * (count - 1) * 3 + count * 4);
  });

  it("a cluster without network policies differs in every edge that nothing asks for", () => {
    const open = differences(topology, asked(topology));
    expect(open).toHaveLength(asked(topology).length - allowed(topology).length);
    expect(open).toContain("signal → execution:4000: reached, and nothing asks for it");
    expect(open).toContain("portfolio → paper-exchange:4100: reached, and nothing asks for it");
    expect(open).toContain("desk → postgres:5432: reached, and nothing asks for it");
  });

  it("an edge that is shut and ought to be open is named", () => {
    const missing = allowed(topology).filter(({ from, to }) => !(from === "portfolio" && to === "policy"));
    expect(differences(topology, missing)).toEqual(["portfolio → policy:4000: not reached, and it ought to be"]);
  });
});
