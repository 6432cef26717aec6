// Commits of several replicas that take the same rows at once: PostgreSQL may undo one of them, and never more than that happens.
import { setTimeout as wait } from "node:timers/promises";
import { openPool, type Pool } from "@countersign/postgres";
import { sharedTestServer } from "@countersign/postgres/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Commit, emptyCommit, type Store } from "../store.ts";
import { openPostgresStore } from "./store.ts";

let database: Awaited<ReturnType<typeof sharedTestServer>>;
let pools: readonly [Pool, Pool];
let count = 0;
beforeAll(async () => {
  database = await sharedTestServer();
  pools = [openPool(database.url, options), openPool(database.url, options)];
});
afterAll(async () => {
  for (const pool of pools) await pool.close();
  await database[Symbol.asyncDispose]();
});

const options = { max: 4, applicationName: "contention test" };
const digest = new Uint8Array(32);
const message = (msgId: string) => ({ msgId, digest, answer: undefined });
const commitOf = (part: Partial<Commit>): Commit => ({ ...emptyCommit, ...part });

/** The two replicas of an agent. */
async function replicas(): Promise<{ schema: string; stores: readonly [Store, Store] }> {
  const schema = `contended_${++count}`;
  return {
    schema,
    stores: [await openPostgresStore(pools[0], schema), await openPostgresStore(pools[1], schema)],
  };
}

async function deadlocks(): Promise<bigint> {
  await pools[0].query("select pg_stat_force_next_flush()");
  const text = "select deadlocks from pg_stat_database where datname = current_database()";
  return (await pools[0].query<{ deadlocks: bigint }>(text)).rows[0]!.deadlocks;
}

describe("a commit that PostgreSQL undoes because of another", () => {
  it("is a conflict when it is a deadlock's victim: nothing was written, and it succeeds when tried again", async () => {
    const { schema, stores } = await replicas();
    const commit = commitOf({ inbox: [message("m")], claims: [{ id: "c", by: "m" }] });
    const before = await deadlocks();
    let result: ReturnType<Store["commit"]> | undefined;
    // A transaction that takes the same rows the other way round, and is itself too patient to be the victim.
    await pools[1].transaction(async (sql) => {
      await sql.query("set local deadlock_timeout = '20s'");
      await sql.query(`insert into ${schema}.claims values ('c', 'other')`);
      result = stores[0].commit(commit);
      const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%commit_decision%'";
      while ((await pools[1].query(waits)).rowCount === 0) await wait(5);
      await sql.query(`insert into ${schema}.inbox (msg_id, digest) values ('m', '') on conflict do nothing`);
      await sql.query(`delete from ${schema}.inbox; delete from ${schema}.claims`);
    });
    expect(await result).toEqual({ kind: "conflict", on: "a deadlock" });
    expect(await deadlocks()).toBe(before + 1n);
    expect(await stores[0].outcome("m")).toBeUndefined();
    expect((await stores[0].commit(commit)).kind).toBe("committed");
  });

  it("is a conflict when it cannot be serialised", async () => {
    const { stores, schema } = await replicas();
    const strict = `${database.url}${database.url.includes("?") ? "&" : "?"}options=-c%20default_transaction_isolation%3Dserializable`;
    await using pool = openPool(strict, options);
    const store = await openPostgresStore(pool, schema);
    const reasons = new Set<string>();
    let version = 0n;
    for (let n = 0; n < 100 && !reasons.has("a concurrent transaction"); n++) {
      const aggregate = { key: "a", version, state: n };
      const race = await Promise.all([1, 2, 3, 4].map(() => store.commit(commitOf({ aggregate }))));
      expect(race.filter(({ kind }) => kind === "committed").length).toBeLessThanOrEqual(1);
      for (const one of race) if (one.kind === "conflict") reasons.add(one.on);
      ({ version } = await stores[0].load("a"));
    }
    expect(reasons).toContain("a concurrent transaction");
    expect(version).toBeGreaterThan(0n);
  });
});

describe("two commits that name the same rows in opposite order", () => {
  const ids = Array.from({ length: 400 }, (_, n) => `id ${String(n).padStart(3, "0")}`);
  const kinds: Readonly<Record<string, (order: readonly string[], round: number) => Partial<Commit>>> = {
    inbox: (order, round) => ({ inbox: order.map((id) => message(`${round} ${id}`)) }),
    claims: (order, round) => ({ claims: order.map((id) => ({ id: `${round} ${id}`, by: "x" })) }),
    chains: (order, round) => {
      const was = BigInt(round);
      return { chains: order.map((id) => ({ topic: "t", key: id, was, seq: was + 1n, digest })) };
    },
    timers: (order) => ({
      timers: order.map((id) => ({ id, key: "a", dueMs: 1, data: null, correlationId: "c" })),
    }),
    streams: (order, round) => ({
      appends: order.map((stream) => ({ stream, seq: BigInt(round + 1), bytes: digest })),
    }),
  };

  for (const [kind, part] of Object.entries(kinds)) {
    it(`cannot deadlock: ${kind}`, async () => {
      const { stores } = await replicas();
      const before = await deadlocks();
      for (let round = 0; round < 6; round++) {
        const results = await Promise.all([
          stores[0].commit(commitOf(part(ids, round))),
          stores[1].commit(commitOf(part(ids.toReversed(), round))),
        ]);
        expect(results.filter((one) => one.kind === "conflict" && one.on === "a deadlock")).toEqual([]);
        expect(results.some(({ kind }) => kind === "committed")).toBe(true);
      }
      expect(await deadlocks()).toBe(before);
    });
  }
});
