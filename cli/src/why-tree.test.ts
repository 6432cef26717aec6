import { readFileSync } from "node:fs";
import { cloneFile, why } from "@countersign/platform";
import { describe, expect, it } from "vitest";
import { plain } from "./terminal/style.ts";
import { standsOn, whyTree } from "./why-tree.ts";

const recorded = cloneFile("platform/test/fixtures/run");

describe("the tree of a recorded run", () => {
  it.each([3, 8, 11])("of #%i is the one that was kept", (n) => {
    const kept = readFileSync(new URL(`../test/why-${n}.txt`, import.meta.url), "utf8");
    expect(`${whyTree(why(recorded, n), plain).join("\n")}\n`).toBe(kept);
  });

  it("fits a terminal", () => {
    for (const line of whyTree(why(recorded, 3), { ...plain, width: 100 }))
      expect(line.length).toBeLessThanOrEqual(100);
  });

  it("says on how many records it stands", () => {
    expect(standsOn(why(recorded, 3))).toMatch(/^\d+ records, read and not verified$/);
  });
});
