import { expect, test } from "vitest";
import { run } from "../run.ts";

const required = async (needs: Readonly<Record<string, string>>, isMain: boolean) => {
  const NEEDS = JSON.stringify(Object.fromEntries(Object.entries(needs).map(([name, result]) => [name, { result }])));
  const env = { NEEDS, MAIN_ONLY: "publish deploy", IS_MAIN: String(isMain) };
  return (await run("node", ["scripts/ci/required.ts"], { env })).code;
};

test("what is skipped on a request is required on main, and a test that is skipped is required anywhere", async () => {
  const all = { test: "success", publish: "skipped" };
  expect(await required(all, false)).toBe(0);
  expect(await required(all, true)).toBe(1);
  expect(await required({ ...all, test: "skipped" }, false)).toBe(1);
  expect(await required({ ...all, test: "cancelled" }, false)).toBe(1);
  expect(await required({}, false)).toBe(1);
});
