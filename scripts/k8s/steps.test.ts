import { expect, it } from "vitest";
import { runSteps, type Step } from "./steps.ts";

const good: Step = { name: "good", tools: [], check: async () => ({ problems: [], says: "3 files" }) };
const bad: Step = { name: "bad", tools: [], check: async () => ({ problems: ["a.yaml: wrong"] }) };
const broken: Step = {
  name: "broken",
  tools: [],
  check: async () => {
    throw new Error("no disk");
  },
};
const without: Step = { name: "without", tools: ["helm", "conftest"], check: async () => ({ problems: [] }) };

async function run(steps: readonly Step[], isDemanded = false) {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line.replace(/\d+\.\d s/, "0.0 s"));
  const code = await runSteps(steps, { isDemanded, print, isThere: (tool) => tool === "helm" });
  return { code, lines };
}

it("all is well: a line each, with what was looked at", async () => {
  expect(await run([good])).toEqual({ code: 0, lines: ["ok       good  0.0 s  (3 files)", "1 checks passed"] });
});

it("a step that finds something, and one that cannot run, fail by name", async () => {
  const { code, lines } = await run([good, bad, broken]);
  expect(code).toBe(1);
  expect(lines).toContain("a.yaml: wrong");
  expect(lines).toContain("could not run: no disk");
  expect(lines.at(-1)).toBe("FAILED: bad, broken");
});

it("a step whose program is missing is not run, and says which", async () => {
  const { code, lines } = await run([good, without]);
  expect(code).toBe(0);
  expect(lines.slice(1)).toEqual([
    "NOT RUN  without  0.0 s",
    "no conftest: npm run tools -- conftest",
    "1 checks passed, not run: without",
  ]);
});

it("where it is demanded, not run is failed", async () => {
  const { code, lines } = await run([good, without], true);
  expect([code, lines.at(-1)]).toEqual([1, "FAILED: without, not run: without"]);
});
