import { openPool } from "@countersign/postgres";
import { sharedTestServer } from "@countersign/postgres/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MemoryStore } from "./memory/store.ts";
import { openPostgresStore } from "./postgres/store.ts";
import { storeConformance } from "./store-conformance.ts";

const api = { it, equal: (actual: unknown, expected: unknown) => expect(actual).toEqual(expected) };

describe("the Store in memory", () => {
  storeConformance(async () => new MemoryStore(), api);
});

describe("the Store on PostgreSQL", () => {
  let pool: ReturnType<typeof openPool>;
  let database: Awaited<ReturnType<typeof sharedTestServer>>;
  let count = 0;
  beforeAll(async () => {
    database = await sharedTestServer();
    pool = openPool(database.url, { max: 8, applicationName: "store test" });
  });
  afterAll(async () => {
    await pool.close();
    await database[Symbol.asyncDispose]();
  });
  storeConformance(() => openPostgresStore(pool, `agent_${++count}`), api);
});
