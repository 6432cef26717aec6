import { openPool, type Pool } from "@countersign/postgres";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quorumLogConformance } from "../conformance.ts";
import { emptyHead } from "../entry.ts";
import { MemoryQuorumLog } from "./memory.ts";
import { openPostgresQuorumLog } from "./postgres.ts";

const api = { it, equal: (actual: unknown, expected: unknown) => expect(actual).toEqual(expected) };

describe("the log in memory", () => {
  quorumLogConformance(async () => new MemoryQuorumLog(), api);
});

describe("the log on PostgreSQL", () => {
  let database: TestDatabase;
  let pool: Pool;
  let count = 0;
  beforeAll(async () => {
    database = await sharedTestServer();
    pool = openPool(database.url, { max: 8, applicationName: "quorum-test" });
  });
  afterAll(async () => {
    await pool.close();
    await database[Symbol.asyncDispose]();
  });

  quorumLogConformance(() => openPostgresQuorumLog(pool, `quorum_${++count}`), api);

  it("is there when it is opened again, votes and all, and says that it tolerates no fault", async () => {
    const ballot = { log: "control", head: emptyHead, round: 0, validator: "v1", digest: Buffer.alloc(32, 1) } as const;
    const first = await openPostgresQuorumLog(pool, "quorum_again");
    const digest = Buffer.alloc(32, 2);
    const append = {
      log: "control",
      expectedHead: emptyHead,
      entry: digest,
      digest,
      votes: [],
      opIds: ["o"],
      committedBy: "v1",
    } as const;
    await first.recordVote(ballot);
    const reopened = await openPostgresQuorumLog(pool, "quorum_again");
    expect(await reopened.recordVote({ ...ballot, digest })).toMatchObject({ kind: "voted-otherwise" });
    await first.append(append);

    const second = await openPostgresQuorumLog(pool, "quorum_again");
    expect(second.status).toMatch(/tolerates no fault/);
    expect((await second.head("control")).seq).toBe(1n);
    expect(await second.append(append)).toMatchObject({ kind: "already", opId: "o" });
  });

  it("a lost connection is LOG_UNREACHABLE", async () => {
    const doomed = openPool(database.url, { max: 1, applicationName: "quorum-test" });
    const log = await openPostgresQuorumLog(doomed, "quorum_lost");
    expect(await log.head("ledger")).toMatchObject({ seq: 0n });
    await doomed.close();
    await expect(log.head("ledger")).rejects.toMatchObject({ name: "QuorumError", code: "LOG_UNREACHABLE" });
  });
});
