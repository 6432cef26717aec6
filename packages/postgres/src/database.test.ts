import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createDatabase, databasesNamed, dropDatabase } from "./database.ts";
import { openPool } from "./pool.ts";
import { query } from "./temp-dir.ts";
import { sharedTestServer } from "./testing.ts";

describe("databases", () => {
  it("are created once, and dropped although somebody is connected", async () => {
    await using admin = await sharedTestServer();
    const url = await createDatabase(admin.url, "run_1");
    await expect(createDatabase(admin.url, "run_1")).rejects.toMatchObject({ code: "DATABASE_EXISTS" });
    await using pool = openPool(url, { max: 1, applicationName: "test" });
    expect((await pool.query("select current_database() as name")).rows).toEqual([{ name: "run_1" }]);
    expect(await databasesNamed(admin.url, "run_")).toEqual(["run_1"]);
    await dropDatabase(admin.url, "run_1");
    expect(await databasesNamed(admin.url, "run_")).toEqual([]);
    await dropDatabase(admin.url, "run_1");
    await expect(pool.query("select 1")).rejects.toThrow();
  });

  it("have plain names, and the server's own are kept", async () => {
    for (const name of ["", "A", "1a", 'a"; drop table t; --', "a".repeat(64)]) {
      await expect(createDatabase("postgres://unused", name)).rejects.toThrow(/is no name/);
      await expect(dropDatabase("postgres://unused", name)).rejects.toThrow(/is no name/);
    }
    await expect(dropDatabase("postgres://unused", "postgres")).rejects.toThrow(/belongs to the server/);
  });
});

describe("the test server", () => {
  it("gives databases that share a server and nothing else", async () => {
    await using one = await sharedTestServer();
    await using two = await sharedTestServer();
    expect(new URL(one.url).port).toBe(new URL(two.url).port);
    await query(one.url, "create table t (n int8)");
    expect(await query(two.url, "select 1 from pg_tables where tablename = 't'")).toEqual([]);
  });

  it("leaves nothing behind when its process ends", async () => {
    const testing = new URL("testing.ts", import.meta.url).href;
    const helper = new URL("temp-dir.ts", import.meta.url).href;
    const program = `
      import { sharedTestServer } from ${JSON.stringify(testing)};
      import { query } from ${JSON.stringify(helper)};
      const { url } = await sharedTestServer();
      const [{ dir }] = await query(url, "select current_setting('data_directory') as dir");
      console.log(dir);`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
    const data = stdout.trim();
    expect(data).toMatch(/countersign-test-\w+\/data$/);
    for (let polls = 0; polls < 100 && existsSync(`${data}/..`); polls++) await sleep(50);
    expect(existsSync(`${data}/..`)).toBe(false);
  });
});
