// The store's migrations, by many at once on a fresh database, and again.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { openPool } from "@countersign/postgres";
import { sharedTestServer } from "@countersign/postgres/testing";
import { describe, expect, it } from "vitest";
import { emptyCommit } from "../store.ts";
import { openPostgresStore } from "./store.ts";

const options = { max: 2, applicationName: "migrations test" };
const inbox = (msgId: string) => [{ msgId, digest: new Uint8Array(32), answer: undefined }];

describe("the store's migrations", () => {
  it("are safe when two processes begin at once, each with all schemas, and when they begin again", async () => {
    await using database = await sharedTestServer();
    const program = `
      import { openPool } from "@countersign/postgres";
      import { openPostgresStore } from ${JSON.stringify(new URL("store.ts", import.meta.url).href)};
      await using pool = openPool(${JSON.stringify(database.url)}, ${JSON.stringify(options)});
      const schemas = process.argv[1] === "0" ? ["policy", "execution", "signal"] : ["signal", "execution", "policy"];
      await Promise.all(schemas.map((schema) => openPostgresStore(pool, schema)));
      for (const schema of schemas) await openPostgresStore(pool, schema);`;
    const cwd = import.meta.dirname;
    const start = (n: number) =>
      promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program, `${n}`], { cwd });
    await Promise.all([start(0), start(1)]);
    await Promise.all([start(0), start(1)]);
    await using pool = openPool(database.url, options);
    for (const schema of ["policy", "execution", "signal"]) {
      const { rows } = await pool.query(`select id from ${schema}.migrations order by id`);
      expect(rows).toEqual([{ id: "0001-store" }]);
    }
  });

  it("are safe by eight pools at once, some of which work already while others begin", async () => {
    await using database = await sharedTestServer();
    const pools = Array.from({ length: 8 }, () => openPool(database.url, options));
    const stores = await Promise.all(
      pools.map(async (pool, n) => {
        const store = await openPostgresStore(pool, "agent");
        expect((await store.commit({ ...emptyCommit, inbox: inbox(`m ${n}`) })).kind).toBe("committed");
        return store;
      }),
    );
    const again = await openPostgresStore(pools[0]!, "agent");
    for (const n of stores.keys()) expect(await again.outcome(`m ${n}`)).toBeDefined();
    await Promise.all(pools.map((pool) => pool.close()));
  });
});
