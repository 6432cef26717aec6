import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { startEmbedded } from "./embedded.ts";
import { openPool } from "./pool.ts";
import { prepare, sqlState } from "./sql.ts";
import { tempDir } from "./temp-dir.ts";
import { sharedTestServer } from "./testing.ts";

const options = { max: 2, applicationName: "test" };

describe("a pool that is closed", () => {
  it("serves what was asked before, also what still waited for a connection, and nothing after", async () => {
    await using database = await sharedTestServer();
    const pool = openPool(database.url, { ...options, max: 1 });
    const slow = pool.query("select 1 as n from pg_sleep(0.2)");
    const queued = pool.query("select 2 as n");
    const closed = pool.close();
    await expect(pool.query("select 3 as n")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await closed;
    expect([(await slow).rows, (await queued).rows]).toEqual([[{ n: 1 }], [{ n: 2 }]]);
  });
});

describe("values", () => {
  it("int8 is a bigint both ways, at its limits and in arrays", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, options);
    const int8 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    await fc.assert(
      fc.asyncProperty(int8, fc.array(fc.option(int8)), async (one, many) => {
        const { rows } = await pool.query("select $1::int8 as one, $2::int8[] as many", [one, many]);
        expect(rows).toEqual([{ one, many }]);
      }),
      { numRuns: 50, examples: [[-(2n ** 63n), [2n ** 63n - 1n, null, 0n, -1n]]] },
    );
    const { rows } = await pool.query("select '[0:1]={1,2}'::int8[] as bounds, '{{1},{NULL}}'::int8[] as nested");
    expect(rows).toEqual([{ bounds: [1n, 2n], nested: [[1n], [null]] }]);
  });

  it("bytes come back as they went, numeric stays exact text", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, options);
    const backing = Uint8Array.from({ length: 258 }, (_, index) => index);
    const bytes = backing.subarray(1, 257); // a view must not drag its buffer along
    const { rows } = await pool.query("select $1::bytea as bytes, 0.1::numeric + 0.2 as sum", [bytes]);
    expect(rows).toEqual([{ bytes: Buffer.from(bytes), sum: "0.3" }]);
  });

  it("a prepared statement is planned once per connection", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, { ...options, max: 1 });
    const add = prepare("add", "select $1::int8 + 1 as sum");
    expect((await pool.query(add, [1n])).rows).toEqual([{ sum: 2n }]);
    expect((await pool.query(add, [2n])).rows).toEqual([{ sum: 3n }]);
    expect((await pool.query("select name from pg_prepared_statements")).rows).toEqual([{ name: "add" }]);
    expect(() => prepare("x".repeat(64), "select 1")).toThrow(/63 bytes/);
  });
});

describe("a transaction", () => {
  it("commits what returns and rolls back what throws", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, options);
    await pool.query("create table t (n int8 primary key)");
    const written = await pool.transaction((sql) => sql.query("insert into t values ($1)", [1n]));
    expect(written.rowCount).toBe(1);
    const failed = pool.transaction(async (sql) => {
      await sql.query("insert into t values ($1)", [2n]);
      throw new RangeError("no");
    });
    await expect(failed).rejects.toThrow(RangeError);
    const duplicate: unknown = await pool.query("insert into t values (1)").catch((error: unknown) => error);
    expect(sqlState(duplicate)).toBe("23505");
    expect((await pool.query("select n from t")).rows).toEqual([{ n: 1n }]);
  });

  it("does not pretend to have committed when a statement's error was swallowed", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, options);
    const swallowed = pool.transaction(async (sql) => {
      await sql.query("select 1 / 0").catch(() => {});
    });
    await expect(swallowed).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
  });

  it("cannot be used after its end", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, options);
    const leaked = await pool.transaction(async (sql) => sql);
    expect(() => leaked.query("select 1")).toThrow(/not used after its end/);
  });
});

describe("limits", () => {
  it("a statement or an idle transaction that takes too long is ended, and the pool goes on", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, {
      ...options,
      max: 1,
      statementTimeoutMs: 100,
      idleInTransactionTimeoutMs: 200,
    });
    await expect(pool.query("select pg_sleep(5)")).rejects.toMatchObject({ code: "57014" });
    const idle = pool.transaction(async (sql) => {
      await sql.query("select 1");
      await new Promise((resolve) => setTimeout(resolve, 500));
      await sql.query("select 1");
    });
    await expect(idle).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });

  it("a server that is killed under a pool is an error of the statement, not the end of the process", async () => {
    await using dir = await tempDir();
    await using server = await startEmbedded({ dir: dir.path });
    await using pool = openPool(server.url, options);
    await pool.query("select 1"); // leaves an idle connection
    const cut = pool.transaction(async (sql) => {
      await sql.query("select 1");
      process.kill(server.pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 500));
      await sql.query("select 1");
    });
    await expect(cut).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await expect(pool.query("select 1")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  });
});
