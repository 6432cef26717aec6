import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { newPlatform, openUp } from "../../test/open.ts";
import { OwnRedis, until } from "../../test/server.ts";
import type { Cache, Mark } from "../port.ts";

const mark = (seq: number): Mark => ({
  price: { units: 18_742n, scale: 2 },
  eventTimeMs: 1_700_000_000_000,
  msgId: `quote ${seq}`,
  seq: BigInt(seq),
});
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
/** Five times the usual: the machine that runs the tests may be busier than one that trades. */
const DEADLINE_MS = 250;
/** What a busy machine may add to a deadline. */
const SLACK_MS = 300;

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});

async function start(...settings: string[]): Promise<OwnRedis> {
  const server = await OwnRedis.start(...settings);
  open.unshift(server);
  return server;
}

/** One replica of two. */
async function reach(server: OwnRedis, perSecond = 100, burst = 100) {
  const states: string[] = [];
  const cache = await openUp({
    url: server.url,
    platform: newPlatform(),
    rateLimit: { scope: "test", perSecond, burst, replicas: 2 },
    deadlineMs: DEADLINE_MS,
    onState: (state, reason) => states.push(`${state}: ${reason}`),
  });
  open.unshift({ stop: () => cache.close() });
  return { cache, states };
}

/** Calls of every kind, one after the other, and how long each took. */
function traffic(cache: Cache) {
  const tookMs: { state: string; ms: number }[] = [];
  let isOver = false;
  const ended = (async () => {
    for (let seq = 1; !isOver; seq++) {
      for (const call of [
        () => cache.marks.put("AAPL", mark(seq)),
        () => cache.marks.get("AAPL"),
        () => cache.features.get({ strategy: "trend", symbol: "AAPL" }),
        () => cache.rateLimit.take("portfolio"),
      ]) {
        const startMs = performance.now();
        const state = cache.state();
        await call();
        tookMs.push({ state, ms: performance.now() - startMs });
      }
      // While Redis is away nothing here waits for a socket: the loop must.
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const stop = async () => {
    isOver = true;
    await ended;
  };
  return { tookMs, stop };
}

describe("when Redis is killed under a loop of calls", () => {
  it("no call throws or waits, this replica's share goes on, and everything comes back by itself", async () => {
    const server = await start();
    const { cache, states } = await reach(server);
    const loop = traffic(cache);
    await until(async () => (await cache.marks.get("AAPL")) !== undefined, "a mark is written");

    await server.kill();
    await until(() => cache.state() === "down", "it is seen");
    const before = cache.counts();
    expect(await cache.marks.get("AAPL")).toBeUndefined();
    expect(await cache.marks.put("AAPL", mark(1))).toBe("dropped");
    const answers = [];
    for (let n = 0; n < 60; n++) answers.push((await cache.rateLimit.take("hedger")).allowed);
    // 100 ÷ 2, and what came back in the meantime: neither everything nor nothing.
    const allowed = answers.filter(Boolean).length;
    expect(allowed).toBeGreaterThanOrEqual(50);
    expect(allowed).toBeLessThan(58);
    await sleep(300);
    expect((await cache.rateLimit.take("hedger")).allowed).toBe(true);
    const after = cache.counts();
    expect(after.unknownReads).toBeGreaterThan(before.unknownReads);
    expect(after.droppedWrites).toBeGreaterThan(before.droppedWrites);
    expect(after.localTakes).toBeGreaterThanOrEqual(before.localTakes + 61);

    await server.restart();
    await until(() => cache.state() === "up", "it is back");
    await until(async () => (await cache.marks.get("AAPL")) !== undefined, "marks are written again");
    const { localTakes } = cache.counts();
    expect((await cache.rateLimit.take("hedger")).allowed).toBe(true);
    expect(cache.counts().localTakes).toBe(localTakes);
    await loop.stop();

    expect(cache.counts().outages).toBe(1);
    expect(states.slice(-3).map((one) => one.split(":")[0])).toEqual(["up", "down", "up"]);
    expect(loop.tookMs.reduce((max, { ms }) => Math.max(max, ms), 0)).toBeLessThan(DEADLINE_MS + SLACK_MS);
    const down = loop.tookMs.filter(({ state }) => state === "down").map(({ ms }) => ms);
    expect(down.length).toBeGreaterThan(1_000);
    expect(median(down)).toBeLessThan(0.5);
  });

  it("who has just used his burst has none left here", async () => {
    const server = await start();
    const { cache } = await reach(server, 0.001, 10);
    expect((await cache.rateLimit.take("portfolio", 10)).allowed).toBe(true);
    await server.kill();
    await until(() => cache.state() === "down", "it is seen");
    expect((await cache.rateLimit.take("portfolio")).allowed).toBe(false);
    expect((await cache.rateLimit.take("hedger")).allowed).toBe(true);
  });

  it("a cost above this replica's share passes when the share is full, and is paid off", async () => {
    const server = await start();
    const { cache } = await reach(server, 20, 10);
    await server.kill();
    await until(() => cache.state() === "down", "it is seen");
    expect((await cache.rateLimit.take("portfolio", 10)).allowed).toBe(true);
    // 5 tokens owed, and one to spend: 600 ms at 10 a second.
    const { allowed, retryAfterMs } = await cache.rateLimit.take("portfolio");
    expect(allowed).toBe(false);
    expect(retryAfterMs).toBeGreaterThan(500);
    expect(retryAfterMs).toBeLessThanOrEqual(600);
    await sleep(retryAfterMs + 5);
    expect((await cache.rateLimit.take("portfolio")).allowed).toBe(true);
  });
});

describe("when Redis answers nothing", () => {
  it("a call ends at its deadline, the fourth does not even wait, and it comes back", async () => {
    const server = await start();
    const { cache, states } = await reach(server);
    await cache.marks.put("AAPL", mark(1));
    server.freeze();
    for (let n = 0; n < 3; n++) {
      expect(cache.state()).toBe("up");
      const startMs = performance.now();
      expect(await cache.marks.get("AAPL")).toBeUndefined();
      const ms = performance.now() - startMs;
      expect(ms).toBeGreaterThanOrEqual(DEADLINE_MS - 2);
      expect(ms).toBeLessThan(DEADLINE_MS + SLACK_MS);
    }
    expect(cache.state()).toBe("down");
    expect(states.at(-1)).toBe(`down: no answer within ${DEADLINE_MS} ms`);
    expect(cache.counts()).toMatchObject({ deadlines: 3, unknownReads: 3, outages: 1 });
    const startMs = performance.now();
    for (let n = 0; n < 1_000; n++) await cache.marks.get("AAPL");
    expect(performance.now() - startMs).toBeLessThan(DEADLINE_MS);
    expect((await cache.rateLimit.take("portfolio")).allowed).toBe(true);

    // Longer than the silence after which a socket is given up.
    await sleep(2_500);
    expect(cache.state()).toBe("down");
    server.thaw();
    await until(() => cache.state() === "up", "it is back");
    expect(await connectionsTo(server)).toBeGreaterThan(2);
    expect(await cache.marks.get("AAPL")).toEqual(mark(1));
    expect(cache.counts().outages).toBe(1);
  });

  it("a process that was busy for longer than the deadline still takes the answers that are there", async () => {
    const server = await start();
    const { cache } = await reach(server);
    await cache.marks.put("AAPL", mark(1));
    const answers = Array.from({ length: 5 }, () => cache.marks.get("AAPL"));
    const endMs = performance.now() + 3 * DEADLINE_MS;
    while (performance.now() < endMs);
    expect(await Promise.all(answers)).toEqual(answers.map(() => mark(1)));
    expect(cache.counts()).toMatchObject({ deadlines: 0, unknownReads: 0 });
  });
});

describe("when Redis answers, and takes no writes", () => {
  it("as a replica: it is away, until it leads again", async () => {
    const server = await start();
    const { cache, states } = await reach(server);
    const admin = new Redis(server.url);
    open.unshift({ stop: async () => admin.disconnect() });
    await admin.replicaof("127.0.0.1", "1");
    for (let n = 0; n < 3; n++) expect((await cache.rateLimit.take("portfolio")).allowed).toBe(true);
    expect(cache.state()).toBe("down");
    expect(states.at(-1)).toMatch(/^down: READONLY/);
    expect(cache.counts()).toMatchObject({ localTakes: 3, deadlines: 0 });
    await sleep(500);
    expect(cache.state()).toBe("down");
    // It asks for the way anew: the name may lead to the new primary.
    expect(await connectionsTo(server)).toBeGreaterThan(3);
    await admin.replicaof("NO", "ONE");
    await until(() => cache.state() === "up", "it leads again");
    const { localTakes } = cache.counts();
    expect((await cache.rateLimit.take("portfolio")).allowed).toBe(true);
    expect(cache.counts().localTakes).toBe(localTakes);
  });
});

/** Ever made, this question's own included. */
async function connectionsTo(server: OwnRedis): Promise<number> {
  const admin = new Redis(server.url);
  const info = await admin.info("stats");
  admin.disconnect();
  return Number(/total_connections_received:(\d+)/.exec(info)?.[1]);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
