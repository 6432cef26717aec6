import { join } from "node:path";
import { expect, it } from "vitest";
import { root, run } from "./run.ts";

it.each([
  [
    "scripts/cluster/soak.ts",
    "--bogus",
    "Unknown option '--bogus': the options of scripts/cluster/soak.ts are --dir, --for, --within",
  ],
  [
    "test/crash/crash.ts",
    "--minutes",
    "Option '--minutes <value>' argument missing: the options of test/crash/crash.ts are --minutes, ",
  ],
  ["scripts/images/build.ts", "-x", "Unknown option '-x': the options of scripts/images/build.ts are --"],
])("%s %s is one line and exit code 2", async (file, argument, line) => {
  const { code, output } = await run("node", [join(root, file), argument]);
  expect([code, output.trimEnd().split("\n")]).toEqual([2, [expect.stringContaining(line)]]);
});
