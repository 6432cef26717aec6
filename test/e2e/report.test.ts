import { expect, it } from "vitest";
import { Report } from "./report.ts";

it("a step that fails is said once, with why, and its error goes on", async () => {
  const lines: string[] = [];
  const report = new Report((line) => lines.push(line));
  const error = new Error("no pod is ready");
  await expect(report.step("every pod", () => Promise.reject(error))).rejects.toBe(error);
  report.failed(error);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/FAIL {2}every pod: no pod is ready$/);
});

it("what fails between two steps is said too", () => {
  const lines: string[] = [];
  new Report((line) => lines.push(line)).failed(new Error("between"));
  expect(lines.join("\n")).toContain("FAIL  Error: between");
});

it("what was left out is among the figures, by name", () => {
  const lines: string[] = [];
  const report = new Report((line) => lines.push(line));
  report.notRun("the network", "this cluster enforces none");
  report.end();
  expect(lines.at(-1)).toBe("the network  not run: this cluster enforces none");
});
