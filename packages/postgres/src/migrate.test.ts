import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { migrate } from "./migrate.ts";
import { openPool } from "./pool.ts";
import { sharedTestServer } from "./testing.ts";

const options = { max: 1, applicationName: "test" };
const first = { id: "001", sql: "create table book (n int8); insert into book values (1);" };
const second = { id: "002", sql: "insert into book values (2)" };

describe("migrate", () => {
  it("applies each migration once, in order, into its schema", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, options);
    await migrate(pool, "ledger", [first]);
    await migrate(pool, "ledger", [first, second]);
    await migrate(pool, "ledger", [first, second]);
    await migrate(pool, "policy", [first]);
    await migrate(pool, "ledger", [first]); // a process of the last release
    expect((await pool.query("select n from ledger.book order by n")).rows).toEqual([{ n: 1n }, { n: 2n }]);
    expect((await pool.query("select n from policy.book")).rows).toEqual([{ n: 1n }]);
    expect((await pool.query("select id from ledger.migrations order by id")).rows).toEqual([
      { id: "001" },
      { id: "002" },
    ]);
    expect((await pool.query("show search_path")).rows).toEqual([{ search_path: '"$user", public' }]);
  });

  it("refuses a migration whose text has changed, and applies nothing", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, options);
    await migrate(pool, "ledger", [first]);
    const changed = migrate(pool, "ledger", [second, { ...first, sql: `${first.sql} ` }]);
    await expect(changed).rejects.toMatchObject({ code: "MIGRATION_CHANGED" });
    expect((await pool.query("select n from ledger.book")).rows).toEqual([{ n: 1n }]);
  });

  it("rolls back all of a call in which one migration fails, and names it", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, options);
    const failed = migrate(pool, "ledger", [first, { id: "002", sql: "insert into book values ('x')" }]);
    await expect(failed).rejects.toMatchObject({
      code: "MIGRATION_FAILED",
      message: expect.stringContaining("Migration 002 of ledger"),
    });
    expect((await pool.query("select 1 from pg_namespace where nspname = 'ledger'")).rows).toEqual([]);
    await expect(migrate(pool, "bad-name", [])).rejects.toThrow(/is no name/);
    await expect(migrate(pool, "ledger", [first, first])).rejects.toThrow(/its own id/);
  });

  it("is safe when several processes begin at once", async () => {
    await using database = await sharedTestServer();
    const index = new URL("index.ts", import.meta.url).href;
    const slow = { id: "002", sql: "select pg_sleep(0.3); insert into book values (2)" };
    const program = `
      import { migrate, openPool } from ${JSON.stringify(index)};
      await using pool = openPool(${JSON.stringify(database.url)}, ${JSON.stringify(options)});
      await migrate(pool, "ledger", ${JSON.stringify([first, slow])});`;
    const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
    await Promise.all([run(), run(), run(), run()]);
    await using pool = openPool(database.url, options);
    expect((await pool.query("select n from ledger.book order by n")).rows).toEqual([{ n: 1n }, { n: 2n }]);
  });
});
