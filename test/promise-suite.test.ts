import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { provePromises } from "./promise-suite.ts";

const root = join(import.meta.dirname, "fixtures", "promises");

describe("the promise suite", () => {
  it("proves the marks that a test misses, and fails for every other", async () => {
    const lines: string[] = [];
    const tally = await provePromises({
      root,
      known: ["P01", "P02", "P03", "P04", "P05", "P06", "P07"],
      notYet: [{ promise: "P06", issue: "#6", why: "not due" }],
      // The first line of each, up to a path of this checkout.
      print: (line) => lines.push(/^.*?(?=: \/|\n|$)/.exec(line)?.[0] ?? line),
    });
    const expected = [
      "FAILED  P02 has 1 marks and no test file",
      "FAILED  P03 has a test file and no mark in the product",
      "FAILED  P07 has neither a test file nor an entry in not-yet.ts",
      "ok      P01.spent: a permit used twice is refused",
      "ok      P01.expired: a permit is accepted before its time is over",
      "ok      P01.quantity: nothing is refused",
      "ok      P01.unloaded: names a mark in a file that it does not load",
      "ok      P03: a promise whose check carries no mark",
      "ok      P04.ceiling: the table has a rule",
      "ok      P05.ceiling: the program ends with 3 above the ceiling",
      "ok      P01.spent  left out → fails (1 test)",
      "ok      P01.quantity  left out → fails (1 test)",
      "ok      P05.ceiling  left out → fails (1 test)",
      "FAILED  P01.expired  left out → nothing fails (1 test)",
      "FAILED  P01.unnamed  is named by no test",
      "FAILED  P01.unloaded  was never loaded by its tests",
      "FAILED  P02.nameless  has no promise file",
      "FAILED  P04.ceiling  left out → does not run",
      "promises  1 kept, 1 not yet, of 7",
      "marks     3 proven, of 8",
    ];
    expect(lines.toSorted()).toEqual(expected.toSorted());
    expect(lines.slice(-2)).toEqual(expected.slice(-2));
    expect(tally).toEqual({ passed: 7 + 3, failed: 3 + 5 });
  });

  it("proves what it is asked for alone", async () => {
    const lines: string[] = [];
    const print = (line: string) => lines.push(line);
    const tally = await provePromises({ root, known: ["P01", "P05"], notYet: [], only: ["P05", "P01.spent"], print });
    expect(lines.filter((line) => line.includes("left out")).toSorted()).toEqual([
      "ok      P01.spent  left out → fails (1 test)",
      "ok      P05.ceiling  left out → fails (1 test)",
    ]);
    expect(tally).toEqual({ passed: 5 + 2, failed: 0 });
  });

  it("says so when there is nothing to prove yet", async () => {
    const lines: string[] = [];
    const tally = await provePromises({ root: join(root, "packages"), notYet: [], print: (line) => lines.push(line) });
    expect(lines).toEqual(["promises: there are no promise files and no marks yet"]);
    expect(tally).toEqual({ passed: 0, failed: 0 });
  });
});
