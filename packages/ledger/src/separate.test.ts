import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** The modules that a file of this folder loads, itself included; `import type` loads nothing. */
function loads(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const source = readFileSync(new URL(file, import.meta.url), "utf8");
  for (const [, from] of source.matchAll(/^(?:import|export)(?! type)[^;]*?from "([^"]+)"/gm)) {
    if (from === undefined) continue;
    if (from.startsWith(".")) loads(from, seen);
    else seen.add(from);
  }
  return seen;
}

it("the two computations of the money identity load no module in common", () => {
  const left = loads("./mark-to-market.ts");
  const right = loads("./performance.ts");
  expect([...left]).toEqual(["./mark-to-market.ts", "@countersign/orders", "./postings.ts"]);
  expect([...right]).toEqual(["./performance.ts"]);
});
