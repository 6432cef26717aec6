import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import * as face from "./index.ts";
import { tempDir } from "./temp-dir.ts";

it("the package offers what its face lists", () => {
  expect(Object.keys(face).sort()).toEqual([
    "PostgresError",
    "createDatabase",
    "databasesNamed",
    "dropDatabase",
    "migrate",
    "openPool",
    "prepare",
    "sqlState",
    "startEmbedded",
  ]);
});

it("the README's example runs", async () => {
  await using dir = await tempDir();
  const folder = new URL("..", import.meta.url);
  const example = /```ts\n(.*?)```/s.exec(readFileSync(new URL("README.md", folder), "utf8"))?.[1] ?? "";
  const program = `${example.replace(".countersign/db", join(dir.path, "db"))}
    console.log((await pool.query("select seq from policy.claim")).rows);`;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { cwd: folder });
  expect((await run).stdout).toBe("[ { seq: 1n } ]\n");
});
