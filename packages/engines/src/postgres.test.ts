import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPool } from "@countersign/postgres";
import { expect, it } from "vitest";
import { postgres } from "./index.ts";

it.runIf(process.env.COUNTERSIGN_POSTGRES === undefined)(
  "a PostgreSQL started here is killed and started again at its address, with all that was committed",
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "countersign-postgres-"));
    try {
      await using server = await postgres({ dir });
      const ask = async (text: string) => {
        await using pool = openPool(server.url, { max: 1, applicationName: "test" });
        return (await pool.query(text)).rows;
      };
      await ask("create table t as select 1 as n");
      await server.kill();
      expect(server.pid).toBe(undefined);
      await expect(ask("select n from t")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
      await server.start();
      expect(await ask("select n from t")).toEqual([{ n: 1 }]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
);
