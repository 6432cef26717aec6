/**
 * P12 Nothing lost. kill -9 of any process, broker or store at any instant loses no accepted order, no fill, no record; loss of all
 * brokers' power costs a republication from the outbox, nothing else.
 *
 * The agent runs on the real host over PostgreSQL, the exchange is a process of its own. Where a process is killed at one certain step,
 * it is a host that reaches no engine any more (`support/p12-lives.ts`); process, store and exchange also die by the signal. Each check
 * is alone in its test: where another one would make good for it a second later, that other one is kept quiet.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { create, fromBinary } from "@bufbuild/protobuf";
import { DecisionMadeSchema, HedgeQuoteSchema, QuoteSchema, SignalSchema } from "@countersign/contracts";
import { openEnvelope } from "@countersign/envelope";
import { openPool, type Pool, PostgresError, startEmbedded } from "@countersign/postgres";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import { type Commit, emptyCommit, openPostgresStore, prune, type Store } from "@countersign/runtime";
import type { Rig, Say } from "@countersign/runtime/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { NetScene } from "../../agents/execution/test/net-scene.ts";
import { brokersOf, killedBehindCommit, killedUntold, unlooking } from "./support/p12-deaths.ts";
import {
  ALARM,
  KILLED,
  Life,
  type LifeOptions,
  openRig,
  QUOTE,
  QUOTES,
  RECORDS,
  SIGNALS,
  wordsOf,
} from "./support/p12-lives.ts";

const patient = { timeout: 20_000, interval: 20 };
const away = () => new PostgresError("CONNECTION_LOST", "the server is gone");

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await sharedTestServer();
  pool = openPool(database.url, { max: 12, applicationName: "P12" });
});
afterAll(async () => {
  await pool?.close();
  await database?.[Symbol.asyncDispose]();
});

let rig: Rig;
let store: Store;
let schemas = 0;
let lives: Life[];
let records: Awaited<ReturnType<Rig["tap"]>>;
beforeEach(async () => {
  rig = await openRig();
  store = await openPostgresStore(pool, `clerk_${++schemas}`);
  records = await rig.tap(RECORDS);
  lives = [];
});
afterEach(async () => {
  await Promise.all(lives.map((life) => life.kill()));
  expect(lives.flatMap(({ broken }) => broken)).toEqual([]);
});

async function live(as: LifeOptions["as"], options: Partial<LifeOptions> = {}): Promise<Life> {
  const life = await Life.begin({ rig, store, as, ...options });
  lives.push(life);
  return life;
}

const signal = (strategy: string): Say => {
  const payload = create(SignalSchema, { symbol: "AAPL", strategy });
  return { sender: "friend", topic: SIGNALS, key: "AAPL", type: "market.signal", payload };
};
const quoteOf = (symbol: string): Say => {
  const payload = create(QuoteSchema, { symbol });
  return { sender: "friend", topic: QUOTES, key: symbol, type: "market.quote", payload };
};

/** What was said on record, as anybody hears it; repetitions of the very bytes are none. */
async function heard(): Promise<readonly string[]> {
  await rig.run();
  const bytes = new Map(records.map(({ value }) => [Buffer.from(value).toString("hex"), value]));
  return [...bytes.values()].map((value) => {
    const opened = openEnvelope(value, rig.keys);
    if (!opened.ok || opened.body.type !== "decision.made") throw new Error("that is no record of the clerk's");
    return fromBinary(DecisionMadeSchema, opened.body.payload).decision ?? "";
  });
}
const unmarked = async () => (await store.unpublished("publish")).length;

/** A process whose relay leads, has read the table, and has nothing to do. */
async function leader(options: Partial<LifeOptions> = {}): Promise<Life> {
  const life = await live("process", options);
  await life.hears("first");
  await expect.poll(heard, patient).toEqual(["first"]);
  await expect.poll(unmarked, patient).toBe(0);
  return life;
}

describe("what is committed is on the bus, whoever is killed when", () => {
  it("P12.resend: embedded, the next life publishes at its start what was committed and not published", async () => {
    const first = await live("embedded", { wrap: killedBehindCommit });
    await expect(rig.say(signal("one"))).rejects.toThrow(KILLED);
    await first.kill();
    expect([await heard(), await unmarked()]).toEqual([[], 1]);
    const [row] = await store.unpublished("publish");
    const next = await live("embedded");
    expect(await heard()).toEqual(["one"]);
    expect(Buffer.compare(records[0]!.value, row!.bytes)).toBe(0);
    await next.kill();
  });

  it("P12.answer-lost: a commit whose answer was lost is looked for in the table: its record comes, and it is decided once", async () => {
    let loses = false;
    const losing: LifeOptions["wrap"] = (engine, life) => ({
      ...unlooking(engine, life),
      async commit(one: Commit) {
        const result = await engine.commit(one);
        if (!loses) return result;
        loses = false;
        throw away();
      },
    });
    await leader({ wrap: losing });
    loses = true;
    await expect(rig.say(signal("one"))).rejects.toThrow("the server is gone");
    await expect.poll(heard, patient).toEqual(["first", "one"]);
    expect(await wordsOf(store)).toEqual(["first", "one"]);
  });

  it("P12.acknowledged: without brokers every record stays in the outbox and is tried again; killed then, the next life publishes it", async () => {
    const { brokers, bus } = brokersOf(rig.bus);
    brokers.areGone = true;
    const first = await live("process", { bus });
    for (const word of ["one", "two", "three"]) await rig.say(signal(word));
    await expect.poll(() => brokers.tries, patient).toBeGreaterThan(2);
    expect([await heard(), await unmarked()]).toEqual([[], 3]);
    await first.kill();
    brokers.areGone = false;
    await live("process", { bus });
    await expect.poll(heard, patient).toEqual(["one", "two", "three"]);
    await expect.poll(unmarked, patient).toBe(0);
  });

  it("P12.lead: the replica that takes over the lead publishes from the table what the killed one had not", async () => {
    const { brokers, bus } = brokersOf(rig.bus);
    const first = await leader({ bus });
    const second = await live("process", { wrap: unlooking });
    brokers.areGone = true;
    brokers.tries = 0;
    await first.hears("one");
    await expect.poll(() => brokers.tries, patient).toBeGreaterThan(0);
    expect(await heard()).toEqual(["first"]);
    await first.kill();
    await expect.poll(heard, patient).toEqual(["first", "one"]);
    expect(second.isDead).toBe(false);
  });

  it("P12.forgotten: what a replica committed that was killed before it could tell is found by the one that leads", async () => {
    await leader();
    const mute = await live("process", { wrap: killedUntold });
    await expect(mute.hears("one")).rejects.toThrow(KILLED);
    await mute.kill();
    expect(await unmarked()).toBe(1);
    await expect.poll(heard, patient).toEqual(["first", "one"]);
  });

  it("kill -9 of a real process between its commits and the bus: each of its records comes, in their order, once decided", async () => {
    const schema = `clerk_${schemas}`;
    const lives = new URL("support/p12-lives.ts", import.meta.url).href;
    const program = `
      import { openPool } from "@countersign/postgres";
      import { openPostgresStore } from "@countersign/runtime";
      import { bound, Life, openRig } from ${JSON.stringify(lives)};
      const store = await openPostgresStore(openPool(${JSON.stringify(database.url)}, { max: 3, applicationName: "child" }), ${JSON.stringify(schema)});
      const rig = await openRig();
      const never = () => new Promise(() => {});
      const bus = { ...bound(rig.bus), publish: never };
      const life = await Life.begin({ rig, store, bus, as: "process" });
      for (let n = 0; ; n++) {
        await life.hears(String(n));
        console.log(n);
      }`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const words = await wordsOf(store);
    expect(words.length).toBeGreaterThan(0);
    expect(await unmarked()).toBe(words.length);
    await live("process");
    await expect.poll(heard, patient).toEqual(words);
    await expect.poll(unmarked, patient).toBe(0);
  });

  it("kill -9 of the store under commits: what a process was answered for is there when it is back, and each record comes once", async () => {
    const dir = mkdtempSync(join(tmpdir(), "p12-"));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    await using server = await startEmbedded({ dir });
    const own = openPool(server.url, { max: 4, applicationName: "P12" });
    store = await openPostgresStore(own, "clerk");
    const life = await live("process");
    const answered: string[] = [];
    const hear = async (word: string) => {
      await life.hears(word);
      answered.push(word);
    };
    for (let n = 0; n < 20; n++) await hear(`${n}`);
    process.kill(server.pid, "SIGKILL");
    // Its sessions are gone a moment later.
    let last = 20;
    await expect.poll(() => hear(`${last++}`).catch(({ code }) => code), patient).toBe("CONNECTION_LOST");
    await using again = await startEmbedded({ dir, port: Number(new URL(server.url).port) });
    expect(again.pid).not.toBe(server.pid);
    await expect.poll(() => hear("after").then(() => true), patient).toBe(true);
    // The last of before may be there, too: nobody was told.
    const words = await wordsOf(store);
    expect(words.filter((word) => word !== `${last - 1}`)).toEqual(answered);
    await expect.poll(heard, patient).toEqual(words);
    await expect.poll(unmarked, patient).toBe(0);
    await life.kill();
    await own.close();
  });
});

describe("what was begun is ended, whoever is killed when", () => {
  it("P12.calls: a call that was committed and not made is made by the next life, in the same bytes, and never again", async () => {
    const asked: Uint8Array[] = [];
    rig.rpc.serve(QUOTE, "hedger", async (request) => {
      asked.push(request);
      const payload = create(HedgeQuoteSchema, {});
      return rig.sealed({ sender: "hedger", topic: QUOTE, type: "hedge.quote", payload }).bytes;
    });
    const first = await live("process", { wrap: killedBehindCommit });
    await expect(rig.say(signal("ask"))).rejects.toThrow(KILLED);
    await first.kill();
    expect(asked).toEqual([]);
    const [row] = await store.unpublished("call");
    const next = await live("process");
    await expect.poll(() => wordsOf(store), patient).toEqual(["ask", "answer"]);
    expect(asked.map((request) => Buffer.compare(request, row!.bytes))).toEqual([0]);
    await expect.poll(async () => (await store.unpublished("call")).length, patient).toBe(0);
    await next.kill();
    await live("process");
    await expect.poll(heard, patient).toEqual(["ask", "answer"]);
    expect(asked.length).toBe(1);
  });

  it("P12.timers: a timer that an earlier life set rings at its time", async () => {
    const first = await live("embedded");
    await rig.say(signal("remind"));
    await first.kill();
    await live("embedded");
    await rig.run(() => {}, rig.scheduler.nowMs() + 1_000);
    expect(await wordsOf(store)).toEqual(["remind", "timer"]);
    expect(await heard()).toEqual(["remind", "timer"]);
    expect(await store.timers()).toEqual([]);
  });

  it("P12.sweep: a timer of a replica that was killed rings at another that was there before it was set", async () => {
    const first = await live("process");
    const other = await live("process");
    await first.hears("remind");
    await first.kill();
    await rig.run(() => {}, rig.scheduler.nowMs() + 4_000);
    expect(await wordsOf(store)).toEqual(["remind"]);
    for (let n = 0; n < 2; n++) await other.host.tick();
    expect(await wordsOf(store)).toEqual(["remind", "timer"]);
    expect(await store.timers()).toEqual([]);
  });
});

describe("what was delivered is decided, whoever is killed when", () => {
  it("P12.offset: a record is answered for after its commit: killed before it, the next of the group gets it, and acts on it once", async () => {
    const killed: LifeOptions["wrap"] = (_, life) => ({
      async commit() {
        life.isDead = true;
        throw new Error(KILLED);
      },
    });
    const first = await live("process", { wrap: killed });
    await rig.say(signal("one")).catch(() => {});
    await first.kill();
    expect(await wordsOf(store)).toEqual([]);
    await live("process");
    await rig.run();
    expect(await wordsOf(store)).toEqual(["one"]);
    await expect.poll(heard, patient).toEqual(["one"]);
  });

  it("P12.insist: what a quote leads to is tried until the store is back: its high-water mark brings it no second time", async () => {
    let tries = 0;
    const returning: LifeOptions["wrap"] = ({ commit }) => ({
      async commit(one: Commit) {
        if (tries++ < 3) throw away();
        return commit(one);
      },
    });
    await live("process", { wrap: returning });
    await rig.say(quoteOf(ALARM));
    await expect.poll(() => wordsOf(store), patient).toEqual(["market"]);
    expect(tries).toBe(4);
    await expect.poll(heard, patient).toEqual(["market"]);
  });

  it("P12.undecided: no snapshot goes behind a quote whose decision is not committed: killed then, the next life reads it again", async () => {
    let isAway = true;
    let tries = 0;
    const deciding: LifeOptions["wrap"] = ({ commit }) => ({
      async commit(one: Commit) {
        if (isAway && one.journal.length > 0 && ++tries > 0) throw away();
        return commit(one);
      },
    });
    const first = await live("process", { wrap: deciding });
    for (let n = 0; n < 5_000; n++) {
      const { bytes, body } = rig.sealed(quoteOf("AAPL"));
      rig.bus.publishNow({ topic: QUOTES, key: Buffer.from(body.key), value: bytes, headers: {} });
    }
    await rig.run();
    await rig.say(quoteOf(ALARM));
    await expect.poll(() => tries, patient).toBeGreaterThan(0);
    await first.host.tick();
    await first.kill();
    expect(await wordsOf(store)).toEqual([]);
    isAway = false;
    await live("process");
    await rig.run();
    await expect.poll(() => wordsOf(store), patient).toEqual(["market"]);
  });
});

describe("an order and its fills", () => {
  let scene: NetScene;
  beforeEach(async () => {
    scene = await NetScene.open();
    await scene.ready();
  });
  afterEach(() => scene.close());

  it("P12.executions: fills that happened while Execution was dead are asked for, each said once", async () => {
    const id = scene.submit("k1");
    await scene.until(() => scene.outcomes(id).includes("NEW"));
    scene.exchange.quote("AAPL", "189.70", "189.80", "30");
    await scene.until(() => scene.fills.length === 1);
    scene.rig.kill();
    scene.exchange.quote("AAPL", "189.70", "189.80", "30");
    await scene.until(() => scene.trades().length === 2);
    scene.restartExecution();
    await scene.ready();
    expect(scene.fills).toEqual(scene.trades());
  });

  it("P12.adopt: an order that was written and not answered is found by its client order id and adopted, never sent again", async () => {
    scene.exchange.freeze();
    const id = scene.submit("k1");
    await scene.until(() => scene.proxy.placed === 1);
    // On the wire, so that it arrives, and nobody is there to be answered.
    await wait(100);
    scene.rig.kill();
    scene.exchange.thaw();
    await scene.until(() => scene.record.length === 1);
    expect(scene.outcomes(id)).toEqual([]);
    scene.restartExecution();
    await scene.ready();
    expect(scene.outcomes(id)).toEqual(["NEW"]);
    expect([scene.proxy.placed, scene.record.length]).toEqual([1, 1]);
  });

  it("P12.exchange: an order that the exchange has answered for works on after its kill -9, and its fill is told", async () => {
    const id = scene.submit("k1");
    await scene.until(() => scene.outcomes(id).includes("NEW"));
    await scene.restartExchange();
    await scene.until(() => !scene.isReady);
    await scene.ready();
    expect(scene.outcomes(id)).toEqual(["NEW"]);
    scene.exchange.quote("AAPL", "189.70", "189.80", "1000");
    await scene.until(() => scene.fills.length > 0);
    expect(scene.fills).toEqual(scene.trades());
  });
});

describe("what the tables forget", () => {
  it("P12.prune: nothing that is not on the bus and no call without an answer, however old it is", async () => {
    const row = { key: "k", bytes: new Uint8Array(1), seq: undefined };
    const rowsOf = (tag: string): Commit["outbox"] => [
      { ...row, msgId: `${tag} record`, kind: "publish", topic: "orders.execution.v1", callId: undefined },
      { ...row, msgId: `${tag} call`, kind: "call", topic: "QuorumService.Propose@validator-1", callId: "c" },
    ];
    await store.commit({ ...emptyCommit, outbox: [...rowsOf("told"), ...rowsOf("untold")] });
    await store.markPublished(["told record", "told call"]);
    const tenYears = new Date(Date.now() + 3_650 * 86_400_000);
    expect(await prune(pool, `clerk_${schemas}`, tenYears)).toEqual({ inbox: 0, outbox: 2 });
    const left = [...(await store.unpublished("publish")), ...(await store.unpublished("call"))];
    expect(left.map(({ msgId }) => msgId)).toEqual(["untold record", "untold call"]);
  });
});
