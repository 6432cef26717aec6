import { join } from "node:path";
import { expect, it } from "vitest";
import { root, run } from "../run.ts";
import { durationMs } from "./soak.ts";

it("its time is one unit", () => {
  expect(["90s", "30m", "2h"].map(durationMs)).toEqual([90_000, 1_800_000, 7_200_000]);
  expect(["", "2", "h", "1h30m", "-1h", "2 h"].map(durationMs)).toEqual(Array(6).fill(Number.NaN));
});

it.each([
  ["canary", ["--within", "soon"]],
  ["soak", ["--for", "long"]],
  ["soak", ["--for", "30s", "--within", "30"]],
])("%s %j says what it wants", async (name, args) => {
  const { code, output } = await run("node", [join(root, "scripts", "cluster", `${name}.ts`), ...args]);
  expect([code, output]).toEqual([2, expect.stringMatching(/^--.*: give /)]);
});
