import { brokerTopics, topics } from "@countersign/contracts";
import { openPool, type Pool } from "@countersign/postgres";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emptyCommit, type OutboxRow, type Store } from "../store.ts";
import { prune, retention, retentionProblems } from "./retention.ts";
import { openPostgresStore } from "./store.ts";

const DAY_MS = 86_400_000;
const NOW = new Date("2030-06-01T00:00:00Z");

describe("the retention table", () => {
  it("keeps its order for every topic of the catalogue, as the brokers are told it", () => {
    expect(retentionProblems()).toEqual([]);
    const records = topics.filter(({ delivery }) => delivery === "record").map(({ topic }) => topic);
    expect(Object.keys(retention.outboxDays).toSorted()).toEqual(records.toSorted());
    for (const { topic, retentionMs } of brokerTopics())
      if (topic in retention.outboxDays) expect(retention.outboxDays[topic]! * DAY_MS).toBeGreaterThan(retentionMs);
  });

  it("fails by name when it is broken", () => {
    const { outboxDays } = retention;
    expect(retentionProblems({ ...retention, outboxDays: { ...outboxDays, "hedges.v1": 30 } })).toEqual([
      "hedges.v1: the outbox keeps it 30 days, the topic 30: the outbox must be longer",
    ]);
    expect(retentionProblems({ ...retention, inboxDays: 127 })).toEqual(
      ["control.halt.v1", "ledger.entries.v1", "audit.records.v1"].map(
        (topic) => `${topic}: it may come again for 395 days, the inbox knows it for 127: longer`,
      ),
    );
    expect(retentionProblems({ ...retention, inboxDays: 30 })).toContain(
      "calls are kept 30 days, the inbox 30: it must be longer",
    );
    const { "risk.policy.v1": _, ...rest } = outboxDays;
    expect(retentionProblems({ ...retention, outboxDays: { ...rest, "gone.v1": 1 } })).toEqual([
      "risk.policy.v1: no row says how long the outbox keeps it",
      "gone.v1: no such topic",
    ]);
    const longer = topics.map((one) => (one.topic === "signals.market.v1" ? { ...one, retentionDays: 400 } : one));
    expect(retentionProblems(retention, longer)).toEqual([
      "signals.market.v1: the outbox keeps it 37 days, the topic 400: the outbox must be longer",
      "signals.market.v1: it may come again for 430 days, the inbox knows it for 420: longer",
    ]);
  });
});

describe("prune", () => {
  let database: TestDatabase;
  let pool: Pool;
  let store: Store;
  beforeAll(async () => {
    database = await sharedTestServer();
    pool = openPool(database.url, { max: 4, applicationName: "prune test" });
    store = await openPostgresStore(pool, "agent");
  });
  afterAll(async () => {
    await pool.close();
    await database[Symbol.asyncDispose]();
  });

  /** Everything a decision may leave behind, that many days old; published or not. */
  async function leave(tag: string, days: number, isPublished: boolean): Promise<void> {
    const row = { key: "k", seq: 1n, bytes: new Uint8Array(1) };
    const outbox: OutboxRow[] = [
      { ...row, msgId: `call ${tag}`, kind: "call", topic: "S.M@x", callId: "c" },
      { ...row, msgId: `intent ${tag}`, kind: "publish", topic: "orders.intent.v1", callId: undefined },
      { ...row, msgId: `record ${tag}`, kind: "publish", topic: "audit.records.v1", callId: undefined },
    ];
    const ids = outbox.map(({ msgId }) => msgId);
    const result = await store.commit({
      ...emptyCommit,
      inbox: [{ msgId: `m ${tag}`, digest: new Uint8Array(32), answer: undefined }],
      claims: [{ id: `claim ${tag}`, by: tag }],
      journal: [{ entry: `"${tag}"` }],
      appends: [{ stream: tag, seq: 1n, bytes: new Uint8Array(1) }],
      outbox,
    });
    expect(result.kind).toBe("committed");
    if (isPublished) await store.markPublished(ids);
    const at = new Date(NOW.getTime() - days * DAY_MS);
    await pool.query("update agent.inbox set at = $1 where msg_id = $2", [at, `m ${tag}`]);
    await pool.query("update agent.outbox set at = $1 where msg_id = any ($2)", [at, ids]);
    await pool.query("update agent.journal set at = $1 where entry = $2", [at, `"${tag}"`]);
  }

  const column = async (text: string) => (await pool.query<{ id: string }>(text)).rows.map(({ id }) => id).toSorted();

  it("deletes what is older than the table says, and nothing that is still needed", async () => {
    for (const days of [13, 15, 371, 373, 419, 421]) await leave(`${days}`, days, true);
    await leave("stuck", 1_000, false);
    const [pruned, twice] = await Promise.all([prune(pool, "agent", NOW), prune(pool, "agent", NOW)]);
    expect(pruned.inbox + twice.inbox).toBe(2);
    expect(await prune(pool, "agent", NOW)).toEqual({ inbox: 0, outbox: 0 });
    expect(await column("select msg_id as id from agent.inbox")).toEqual(["m 13", "m 15", "m 371", "m 373", "m 419"]);
    expect(await column("select msg_id as id from agent.outbox")).toEqual(
      [
        ...["call 13", "call 15", "call stuck"],
        ...["intent 13", "intent stuck"],
        ...["record 13", "record 15", "record 371", "record stuck"],
      ].toSorted(),
    );
    const all = ["13", "15", "371", "373", "419", "421", "stuck"];
    expect(await column("select by as id from agent.claims")).toEqual(all);
    expect(await column("select trim(entry, '\"') as id from agent.journal")).toEqual(all);
    expect(await column("select stream as id from agent.streams")).toEqual(all);
  });
});
