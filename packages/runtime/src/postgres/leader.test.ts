// Several replicas of one agent over one PostgreSQL: one of their relays publishes, whoever it is, and each chain in its order.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { type Bus, BusError, type OutRecord } from "@countersign/bus";
import { openPool, type Pool } from "@countersign/postgres";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Relay } from "../relay.ts";
import { emptyCommit, type OutboxRow, type Store } from "../store.ts";
import { openPostgresStore } from "./store.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const SCHEMA = "agent";
const digest = new Uint8Array(32);
/** A busy machine takes its time; how long something may take is said where it matters. */
const patient = { timeout: 30_000 };

interface Replica {
  readonly pool: Pool;
  readonly store: Store;
  readonly relay: Relay;
  /** Commits a record at the end of the chain, as the decider does: again when another replica was faster. */
  say(key: string): Promise<OutboxRow>;
  close(): Promise<void>;
}

let database: TestDatabase;
let replicas: Replica[];
/** What the one bus took, and from whom. */
let taken: { readonly by: string; readonly key: string; readonly seq: number }[];
let isAway: boolean;
const broken: unknown[] = [];

beforeEach(async () => {
  database = await sharedTestServer();
  replicas = [];
  taken = [];
  isAway = false;
});
afterEach(async () => {
  await Promise.all(replicas.map((one) => one.close()));
  await database[Symbol.asyncDispose]();
  expect(broken).toEqual([]);
});

async function open(name: string): Promise<Replica> {
  const pool = openPool(database.url, { max: 3, applicationName: name });
  const store = await openPostgresStore(pool, SCHEMA);
  const bus = {
    async publish(records: readonly OutRecord[]) {
      await wait(0);
      if (isAway) throw new BusError("unknown-outcome", "TIMEOUT", "no answer");
      for (const { value } of records) {
        const [key = "", seq] = Buffer.from(value).toString().split(" ");
        taken.push({ by: name, key, seq: Number(seq) });
      }
      return [];
    },
  };
  const relay = new Relay({
    store,
    bus: bus as unknown as Bus,
    recordOf: ({ topic, key, bytes }) => ({ topic, key: Buffer.from(key), value: bytes, headers: {} }),
    onBroken: (error) => void broken.push(error),
  });
  const commit = async (key: string) => {
    for (;;) {
      const heads = await store.chains();
      const was = heads.find((head) => head.key === key)?.seq ?? 0n;
      const row = rowOf(key, was + 1n);
      const chains = [{ topic: "t", key, was, seq: was + 1n, digest }];
      if ((await store.commit({ ...emptyCommit, outbox: [row], chains })).kind === "committed") return row;
    }
  };
  const replica = {
    pool,
    store,
    relay,
    async say(key: string) {
      const row = await commit(key);
      relay.push([row]);
      return row;
    },
    async close() {
      await relay.close(0);
      await pool.close();
    },
  };
  replicas.push(replica);
  return replica;
}

function rowOf(key: string, seq: bigint): OutboxRow {
  const bytes = Buffer.from(`${key} ${seq}`);
  return { msgId: `${key} ${seq}`, kind: "publish", topic: "t", key, seq, bytes, callId: undefined };
}

const leaders = () => [...new Set(taken.map(({ by }) => by))];
const left = async () => (await replicas[0]!.store.unpublished("publish")).map(({ msgId }) => msgId);

/** The first time each record was on the bus, each chain must have been in its order, and whole. */
function expectWhole(chains: Readonly<Record<string, number>>): void {
  for (const [key, length] of Object.entries(chains)) {
    const firsts = [...new Set(taken.filter((one) => one.key === key).map(({ seq }) => seq))];
    expect(firsts, key).toEqual(Array.from({ length }, (_, n) => n + 1));
  }
}

/** Ends the session that holds the leadership, as the death of its process would. */
async function cutLeader(pool: Pool): Promise<void> {
  const text =
    "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and pid <> pg_backend_pid()";
  expect((await pool.query(text)).rowCount).toBe(1);
}

describe("relays of several replicas", () => {
  it("one publishes what all of them write, each record once, each chain in its order", async () => {
    console.log(`leader seed ${seed}`);
    const names = ["one", "two", "three"];
    for (const name of names) await open(name);
    const keys = ["a", "b", "c"];
    await Promise.all(
      replicas.map(async (replica, n) => {
        for (let k = 0; k < 40; k++) await replica.say(keys[(seed + n * 7 + k * (n + 1)) % 3]!);
      }),
    );
    const { length } = replicas;
    await expect.poll(() => taken.length, patient).toBe(40 * length);
    const heads = await replicas[0]!.store.chains();
    expectWhole(Object.fromEntries(heads.map(({ key, seq }) => [key, Number(seq)])));
    expect(leaders().length).toBe(1);
    await expect.poll(left, patient).toEqual([]);
    expect(taken.length).toBe(40 * length);
  });

  it("another leads as soon as the leader's connection is gone, and the old one stops", async () => {
    const one = await open("one");
    await one.say("a");
    await expect.poll(leaders, patient).toEqual(["one"]);
    const two = await open("two");
    await two.say("a");
    await expect.poll(() => taken.length, patient).toBe(2);
    expect(leaders()).toEqual(["one"]);
    await cutLeader(two.pool);
    // It tries again after half a second; by then the other has won.
    let said = 2;
    const leader = async () => {
      said = Number((await one.say("a")).seq);
      return taken.at(-1)?.by;
    };
    await expect.poll(leader, patient).toBe("two");
    await expect.poll(() => taken.at(-1), patient).toEqual({ by: "two", key: "a", seq: said });
    expectWhole({ a: said });
    await two.close();
    await one.say("a");
    await expect.poll(() => taken.at(-1), patient).toEqual({ by: "one", key: "a", seq: said + 1 });
    expectWhole({ a: said + 1 });
  });

  it("whatever leads when, under commits from everywhere nothing is lost or out of order", async () => {
    for (const name of ["one", "two", "three"]) await open(name);
    let isOver = false;
    const nemesis = (async () => {
      for (let n = 0; n < 4; n++) {
        await wait(150);
        const text = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'";
        await replicas[0]!.pool.query(text);
      }
      isOver = true;
    })();
    const counts: Record<string, number> = {};
    await Promise.all(
      replicas.map(async (replica, n) => {
        for (let k = 0; !isOver; k++) {
          const { key } = await replica.say(["a", "b"][(n + k) % 2]!);
          counts[key] = (counts[key] ?? 0) + 1;
        }
      }),
    );
    await nemesis;
    await expect.poll(left, patient).toEqual([]);
    expectWhole(counts);
  });

  it("finds by itself what nobody told it of", async () => {
    const one = await open("one");
    await one.say("a");
    await expect.poll(() => taken.length, patient).toBe(1);
    const chains = [{ topic: "t", key: "a", was: 1n, seq: 2n, digest }];
    await one.store.commit({ ...emptyCommit, outbox: [rowOf("a", 2n)], chains });
    await expect.poll(() => taken.length, patient).toBe(2);
    await one.say("a");
    await expect.poll(left, patient).toEqual([]);
    expectWhole({ a: 3 });
  });

  it("keeps whoever does not lead waiting too, while too much waits for the bus", async () => {
    const one = await open("one");
    await one.say("a");
    await expect.poll(leaders, patient).toEqual(["one"]);
    const two = await open("two");
    await expect.poll(left, patient).toEqual([]);
    await expect.poll(() => two.relay.ageSeconds, patient).toBe(0);
    isAway = true;
    const outbox = Array.from({ length: 2_500 }, (_, n) => rowOf("b", BigInt(n + 1)));
    await one.store.commit({ ...emptyCommit, outbox });
    one.relay.push(outbox);
    await expect.poll(() => two.relay.ageSeconds, patient).toBeGreaterThan(0);
    let free = 0;
    const waiting = [one, two].map(({ relay }) => relay.room().then(() => free++));
    await wait(600);
    expect(free).toBe(0);
    isAway = false;
    await Promise.all(waiting);
    await expect.poll(left, patient).toEqual([]);
    expectWhole({ b: 2_500 });
    await expect.poll(() => two.relay.ageSeconds, patient).toBe(0);
  });

  it("kill -9 of the leader's process makes another lead", async () => {
    const leader = await leaderProcess();
    const one = await open("one");
    await one.say("a");
    await wait(600);
    expect(taken).toEqual([]);
    leader.kill("SIGKILL");
    const killedMs = performance.now();
    await expect.poll(() => taken.length, patient).toBe(1);
    const tookMs = performance.now() - killedMs;
    console.log(`led ${tookMs.toFixed(0)} ms after the kill`);
    expect(tookMs).toBeLessThan(5_000); // 0.2 s on a quiet machine
  });
});

/** A process that leads, and publishes nothing. */
async function leaderProcess(): Promise<ChildProcess> {
  const program = `
    import { openPool } from "@countersign/postgres";
    import { openPostgresStore } from ${JSON.stringify(new URL("store.ts", import.meta.url).href)};
    const pool = openPool(${JSON.stringify(database.url)}, { max: 1, applicationName: "leader" });
    const store = await openPostgresStore(pool, ${JSON.stringify(SCHEMA)});
    const nothing = () => {};
    store.campaign({ onWon: () => console.log("won"), onLost: nothing, onTold: nothing, onBacklog: nothing, onBroken: nothing });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout!, "data");
  return child;
}
