import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { importProblems } from "./imports.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "countersign-imports-"));
  workspace("platform", "platform", ["quant", "agent-policy", "venue-paper"]);
  workspace("cli", "cli", ["platform", "quant"]);
  workspace("agents/policy", "agent-policy", ["quant", "orders"]);
  workspace("venues/paper", "venue-paper", ["orders"]);
  workspace("packages/quant", "quant", []);
  workspace("packages/contracts", "contracts", []);
  workspace("packages/orders", "orders", ["contracts"]);
});
afterEach(() => rmSync(root, { recursive: true }));

function workspace(folder: string, name: string, ours: readonly string[]): void {
  const dependencies = Object.fromEntries(
    ["zod", ...ours.map((one) => `@countersign/${one}`)].map((one) => [one, "*"]),
  );
  write(join(folder, "package.json"), JSON.stringify({ name: `@countersign/${name}`, dependencies }));
}

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

describe("the import check", () => {
  it("accepts what the table allows", () => {
    write(
      "packages/orders/src/a.ts",
      'import type { X } from "@countersign/contracts";\nimport { b } from "./deep/b.ts";',
    );
    write("packages/orders/src/deep/b.ts", 'export * from "../c.ts";\n// import "@countersign/platform"');
    write("strategies/trend.ts", 'import { ema } from "@countersign/quant";');
    write("strategies/trend.test.ts", 'import { it } from "vitest";\nimport { trend } from "./trend.ts";');
    expect(importProblems(root)).toEqual([]);
  });

  it.each([
    ["packages/quant", "quant", "orders", "packages/quant declares packages/orders; it may have none of ours"],
    ["packages/orders", "orders", "quant", "packages/orders declares packages/quant; it may have packages/contracts"],
    ["packages/orders", "orders", "platform", "packages/orders declares platform; it may have packages/contracts"],
    ["agents/hedger", "agent-hedger", "agent-policy", "agents/hedger declares agents/policy; it may have packages/*"],
    ["venues/paper", "venue-paper", "agent-policy", "venues/paper declares agents/policy; it may have packages/*"],
    ["cli", "cli", "agent-policy", "cli declares agents/policy; it may have packages/*, platform"],
    [
      "packages/orders",
      "orders",
      "unheard-of",
      "packages/orders declares @countersign/unheard-of; it may have packages/contracts",
    ],
  ])("%s (%s) may not depend on %s", (folder, name, dependency, problem) => {
    workspace(folder, name, [dependency]);
    expect(importProblems(root)).toEqual([problem]);
  });

  it("names a workspace that the table forgets", () => {
    workspace("packages/new", "new", []);
    expect(importProblems(root)).toEqual(["packages/new is not in the table of scripts/checks/imports.ts"]);
  });

  it.each([
    'import { x } from "@countersign/platform";',
    'import type { X } from "@countersign/platform";',
    'export * from "@countersign/platform";',
    'import "@countersign/platform";',
    'const x = await import("@countersign/platform");',
    'import {\n  x,\n} from "@countersign/platform";',
  ])("finds an import that package.json does not name: %s", (source) => {
    write("agents/policy/src/main.ts", source);
    expect(importProblems(root)).toEqual([
      "agents/policy/src/main.ts imports @countersign/platform, which agents/policy/package.json does not name",
    ]);
  });

  it("finds a relative path that leaves the workspace", () => {
    write("packages/orders/src/a.ts", 'import { b } from "../../quant/src/b.ts";');
    expect(importProblems(root)).toEqual([
      "packages/orders/src/a.ts reaches out of packages/orders: ../../quant/src/b.ts",
    ]);
  });

  it.each(["agents/policy/src/decide.ts", "packages/quant/src/a.ts", "venues/paper/src/a.ts", "platform/src/run.ts"])(
    "%s may not ask a flag",
    (file) => {
      write(file, 'const { OpenFeature } = await import("@openfeature/server-sdk");');
      expect(importProblems(root)).toEqual([
        `${file} imports @openfeature/server-sdk; flags are read in platform/src/processes/flags.ts and platform/src/processes/flag-file.ts alone`,
      ]);
    },
  );

  it("the file of flags may", () => {
    write("platform/src/processes/flag-file.ts", 'import { FlagdCore } from "@openfeature/flagd-core";');
    expect(importProblems(root)).toEqual([]);
  });

  it.each(["@countersign/orders", "@openfeature/server-sdk", "node:fs", "../packages/orders/src/index.ts"])(
    "a strategy may not import %s",
    (specifier) => {
      write("strategies/trend.ts", `import { x } from "${specifier}";`);
      expect(importProblems(root)).toEqual([
        `strategies/trend.ts imports ${specifier}; a strategy may import @countersign/quant`,
      ]);
    },
  );
});
