import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findMarks } from "./marks.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "countersign-marks-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, ...lines: string[]): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), lines.join("\n"));
}

const problemsOf = (...lines: string[]): string[] => {
  write("packages/a/src/a.ts", ...lines);
  return findMarks(root).problems;
};

describe("findMarks", () => {
  it("finds marks in the product's sources, and only there", () => {
    const check = 'if (spent) return "SPENT";';
    write("packages/a/src/deep/gate.ts", "", `  ${check} // P01.spent`);
    write("agents/policy/canvas.ts", `${check} // P02.self`);
    write("venues/paper/src/book.ts", `${check} // P05.once-only`);
    write("platform/src/embedded.ts", `${check} // P09.seed`);
    write("cli/main.ts", `${check} // P03.names`);
    for (const file of [
      "packages/a/src/a.test.ts",
      "packages/a/test/x.ts",
      "scripts/x.ts",
      "platform/node_modules/y/y.ts",
    ]) {
      write(file, `${check} // P04.elsewhere`);
    }
    write("packages/a/src/prose.ts", "// What P01.spent guards against.", "const code = 1; // as P01 says");
    const { marks, problems } = findMarks(root);
    expect(marks.map(({ name, promise, file, line }) => `${promise} ${name} ${file}:${line}`)).toEqual([
      "P01 P01.spent packages/a/src/deep/gate.ts:2",
      "P02 P02.self agents/policy/canvas.ts:1",
      "P03 P03.names cli/main.ts:1",
      "P05 P05.once-only venues/paper/src/book.ts:1",
      "P09 P09.seed platform/src/embedded.ts:1",
    ]);
    expect(problems).toEqual([]);
  });

  it("a name that marks two lines is a problem that tells both", () => {
    expect(problemsOf("halt(); // P01.a", "halt(); // P01.a")).toEqual([
      "packages/a/src/a.ts:2: P01.a is taken by packages/a/src/a.ts:1",
    ]);
  });

  it.each([["// P01.a"], [" * prose // P01.a"], ["// if (x) return; // P01.a"]])("no statement: %s", (line) => {
    expect(problemsOf(line)).toEqual(["packages/a/src/a.ts:1: P01.a marks no statement"]);
  });

  it.each([["const x = check(); // P01.a"], ["export function f() { return 1; } // P01.a"]])(
    "declaration: %s",
    (line) => {
      expect(problemsOf(line)).toEqual(["packages/a/src/a.ts:1: P01.a marks a declaration, not a check"]);
    },
  );

  it.each([
    ["if (a)", "  return 1; // P01.a"],
    ["if (a) {", "} else return 1; // P01.a"],
    ["call(1,", "  2); // P01.a"],
    ["const x = y", "  .filter(check); // P01.a"],
    ["", "if (a) { // P01.a"],
  ])("half a statement: %s %s", (before, line) => {
    expect(problemsOf(before, line)).toEqual([
      "packages/a/src/a.ts:2: P01.a does not mark one whole statement on one line",
    ]);
  });

  it.each([["if (a) {"], ["}"], ["x();"], ["x(); // P01.b"], ["case 1:"], ["// a comment,"], ["/** doc */"], [""]])(
    "a whole statement may stand after: %s",
    (before) => {
      expect(problemsOf(before, "  if (b) return 1; // P01.a")).toEqual([]);
    },
  );
});
