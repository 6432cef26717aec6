/** Two replicas of an agent with leased limits, as a pipeline has them. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newPlatform, openUp } from "../../test/open.ts";
import { OwnRedis, until } from "../../test/server.ts";
import { LeasedRateLimit } from "../leased-rate-limit.ts";
import type { Cache } from "../port.ts";

const nowMs = () => performance.now();
const rateLimit = { scope: "policy", perSecond: 100, burst: 100, replicas: 2 };
const leaseMs = 100;

let server: OwnRedis;
let caches: Cache[];
let limits: LeasedRateLimit[];

beforeEach(async () => {
  server = await OwnRedis.start();
  const platform = newPlatform();
  const open = () => openUp({ url: server.url, platform, rateLimit });
  caches = [await open(), await open()];
  limits = caches.map((cache) => new LeasedRateLimit({ limiter: cache.rateLimit, chunk: 10, leaseMs, nowMs }));
});
afterEach(async () => {
  for (const cache of caches) await cache.close();
  await server.stop();
});

/** Both ask without a pause until told to end; answers how many were allowed, of how many, in how long. */
function flood() {
  const startMs = nowMs();
  const seen = { allowed: 0, asked: 0 };
  let isOver = false;
  const loops = limits.map(async (limit) => {
    while (!isOver) {
      for (let n = 0; n < 10; n++) {
        const isAllowed = await limit.take("portfolio");
        seen.asked++;
        if (isAllowed) seen.allowed++;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(loops);
    return { ...seen, seconds: (nowMs() - startMs) / 1000 };
  };
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe("two replicas with leases, under a flood", () => {
  it("allow one limit together, nearly all of it, and hardly ever ask", async () => {
    const stop = flood();
    await sleep(1_500);
    const { allowed, asked, seconds } = await stop();
    expect(allowed).toBeLessThanOrEqual(rateLimit.burst + rateLimit.perSecond * (seconds + leaseMs / 1000));
    expect(allowed).toBeGreaterThan(0.7 * rateLimit.perSecond * seconds);
    expect(asked).toBeGreaterThan(5 * allowed);
    for (const cache of caches) expect(cache.counts()).toMatchObject({ localTakes: 0, outages: 0 });
  });

  it("allow it through a kill -9 and a restart too: one burst more for each of the two changes, no more", async () => {
    const stop = flood();
    await sleep(400);
    await server.kill();
    await until(() => caches.every((cache) => cache.state() === "down"), "both see it");
    await sleep(800);
    await server.restart();
    await until(() => caches.every((cache) => cache.state() === "up"), "both are back");
    await sleep(400);
    const { allowed, seconds } = await stop();
    expect(allowed).toBeLessThanOrEqual(3 * rateLimit.burst + rateLimit.perSecond * (seconds + leaseMs / 1000));
    expect(allowed).toBeGreaterThan(0.5 * rateLimit.perSecond * seconds);
    for (const cache of caches) {
      expect(cache.counts().outages).toBe(1);
      expect(cache.counts().localTakes).toBeGreaterThan(0);
    }
  });
});
