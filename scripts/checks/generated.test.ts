import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { differences } from "./generated.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countersign-differences-"));
  for (const side of ["made", "checked-in"]) mkdirSync(join(folder, side, "v1"), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the comparison of generated code", () => {
  it("tells a changed, a missing and a left-over file, and nothing of equal ones", () => {
    const write = (side: string, file: string, text: string) => writeFileSync(join(folder, side, file), text);
    for (const side of ["made", "checked-in"]) write(side, "same.ts", "same");
    write("made", join("v1", "changed.ts"), "new");
    write("checked-in", join("v1", "changed.ts"), "old");
    write("made", "missing.ts", "");
    write("checked-in", "left-over.ts", "");
    expect(differences(join(folder, "made"), join(folder, "checked-in"))).toEqual([
      "left-over.ts is made from no contract",
      "missing.ts is missing",
      `${join("v1", "changed.ts")} differs`,
    ]);
  });
});
