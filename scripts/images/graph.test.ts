import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../run.ts";
import { importsOf, packagesOf } from "./graph.ts";
import { MAIN, modulesOf, PROCESSES } from "./names.ts";
import { loadedBy } from "./prune.ts";

describe("the imports of a file", () => {
  it("names what Node loads: statements, re-exports, import() and workers", () => {
    const source = `
import "./effect.ts";
import pg, { type Pool } from "pg";
import {
  a,
  b,
} from "./many.ts";
export * from "./all.ts";
export { c } from "./one.ts";
const later = await import("./later.ts");
new Worker(new URL("./worker.ts", import.meta.url));
`;
    const found = importsOf(source);
    const now = found.filter(({ isLater }) => !isLater).map(({ specifier }) => specifier);
    expect(now).toEqual(["./effect.ts", "pg", "./many.ts", "./all.ts", "./one.ts"]);
    const later = found.filter(({ isLater }) => isLater).map(({ specifier }) => specifier);
    expect(later).toEqual(["./later.ts", "./worker.ts"]);
  });

  it("leaves out types and comments, which Node does not load", () => {
    const source = `
import type { A } from "./types.ts";
export type { B } from "./types.ts";
// import "./line.ts";
/** import "./block.ts"; */
/*
import "./lines.ts";
*/
`;
    expect(importsOf(source)).toEqual([]);
  });
});

describe("a process' image", () => {
  const images = new Map(PROCESSES.map((name) => [name, loadedBy(root, name)]));

  it("exists for every agent of the topology and for the exchange", () => {
    const topology = JSON.parse(readFileSync(join(root, "charts/countersign/files/topology.json"), "utf8"));
    expect([...PROCESSES].sort()).toEqual([...Object.keys(topology.agents), "paper-exchange"].sort());
  });

  it("holds whatever main.ts imports later in one of them", () => {
    const later = importsOf(readFileSync(join(root, MAIN), "utf8")).filter(({ isLater }) => isLater);
    expect(later.length).toBeGreaterThan(4);
    const claimed = new Set(PROCESSES.flatMap(modulesOf));
    expect(later.map(({ specifier }) => specifier).filter((one) => !claimed.has(one))).toEqual([]);
  });

  it.each(PROCESSES)("%s holds what runs it, and no other process' own part", (name) => {
    const files = images.get(name)?.files ?? [];
    const own = modulesOf(name).map((module) => join("platform/src/processes", module));
    const others = PROCESSES.flatMap(modulesOf).map((module) => join("platform/src/processes", module));
    // The canary and an agent are made alike.
    const shared = [...own, ...files.filter((file) => others.includes(file) && isImported(file, files))];
    expect(files).toEqual(expect.arrayContaining(own));
    expect(files.filter((file) => others.includes(file) && !shared.includes(file))).toEqual([]);
  });

  it("holds no tests, and no package that only developers need", () => {
    for (const [name, graph] of images) {
      expect(
        graph.files.filter((file) => /\.test\.ts$|\/testing\.ts$/.test(file)),
        name,
      ).toEqual([]);
      expect(
        packagesOf(root, graph).filter((folder) => /vitest|biome|typescript|knip/.test(folder)),
        name,
      ).toEqual([]);
    }
  });

  it("of Policy has the drivers it uses and not the market's reader", () => {
    const graph = images.get("policy");
    if (graph === undefined) throw new Error("there is an image of Policy");
    expect(packagesOf(root, graph)).toEqual(expect.arrayContaining(["node_modules/kafkajs", "node_modules/pg"]));
    expect([...graph.workspaces.keys()]).not.toContain("@countersign/agent-market");
    expect([...graph.workspaces.keys()]).not.toContain("@countersign/agent-validator");
  });
});

function isImported(file: string, by: readonly string[]): boolean {
  return by.some((other) =>
    importsOf(readFileSync(join(root, other), "utf8")).some(
      ({ specifier, isLater }) => !isLater && specifier.startsWith(".") && join(other, "..", specifier) === file,
    ),
  );
}
