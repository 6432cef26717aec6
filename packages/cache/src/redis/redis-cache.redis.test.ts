import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newPlatform, openUp } from "../../test/open.ts";
import { type RedisServer, redisServer } from "../../test/server.ts";
import { cacheConformance } from "../conformance.ts";
import type { Cache, Mark } from "../port.ts";

let server: RedisServer;
let admin: Redis;

beforeAll(async () => {
  server = await redisServer();
  admin = new Redis(server.url);
});
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

const open: Cache[] = [];
afterEach(async () => {
  for (const cache of open.splice(0)) await cache.close();
});

async function opened(options: Parameters<typeof openUp>[0]): Promise<Cache> {
  const cache = await openUp(options);
  open.push(cache);
  return cache;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const mark: Mark = { price: { units: 18_742n, scale: 2 }, eventTimeMs: 1_700_000_000_000, msgId: "quote", seq: 7n };
const trend = { strategy: "trend", symbol: "AAPL" };

describe("the cache on Redis", () => {
  cacheConformance(
    {
      open: ({ rateLimit, ...options }) =>
        openUp({ url: server.url, rateLimit: { scope: "test", replicas: 1, ...rateLimit }, ...options }),
      sleep,
    },
    { it, equal: (actual, expected) => expect(actual).toEqual(expected) },
  );

  it("keeps platforms apart, and every key ends by itself", async () => {
    const platform = newPlatform();
    const rateLimit = { scope: "test", perSecond: 0.01, burst: 1, replicas: 1 };
    const one = await opened({ url: server.url, platform, rateLimit });
    const other = await opened({ url: server.url });
    await one.marks.put("AAPL", mark);
    await one.features.put(trend, { eventTimeMs: 1, values: {} });
    await one.rateLimit.take("strategy:trend@12ab");
    expect(await other.marks.get("AAPL")).toBeUndefined();
    const keys = (await admin.keys(`countersign:${platform}:*`)).sort();
    expect(keys.filter((key) => !key.endsWith(":probe"))).toEqual([
      `countersign:${platform}:bucket/1:test:strategy%3Atrend%4012ab`,
      `countersign:${platform}:features/1:trend:AAPL`,
      `countersign:${platform}:mark/1:AAPL`,
    ]);
    for (const key of keys) expect(await admin.pttl(key)).toBeGreaterThan(0);
  });

  it("goes on after SCRIPT FLUSH, with nothing counted", async () => {
    const cache = await opened({ url: server.url });
    expect((await cache.rateLimit.take("a")).allowed).toBe(true);
    await admin.script("FLUSH", "SYNC");
    expect((await cache.rateLimit.take("a")).allowed).toBe(true);
    await admin.script("FLUSH", "SYNC");
    expect(await cache.marks.put("AAPL", mark)).toBe("stored");
    expect(cache.counts()).toEqual({
      unknownReads: 0,
      droppedWrites: 0,
      localTakes: 0,
      badValues: 0,
      deadlines: 0,
      outages: 0,
    });
  });

  const head = `mark/1 ${"7".padStart(20, "0")} `;
  const body = { symbol: "AAPL", units: "1", scale: 2, eventTimeMs: 1, msgId: "m" };
  it.each([
    ["nothing", ""],
    ["a number", "42"],
    ["another schema", `mark/2 ${"7".padStart(20, "0")} ${JSON.stringify(body)}`],
    ["no order", `mark/1 7 ${JSON.stringify(body)}`],
    ["half a JSON", head + JSON.stringify(body).slice(0, -3)],
    ["no object", `${head}[]`],
    ["another symbol's mark", head + JSON.stringify({ ...body, symbol: "MSFT" })],
    ["a price that is a float", head + JSON.stringify({ ...body, units: 1.5 })],
    ["a price below nothing", head + JSON.stringify({ ...body, units: "-1" })],
    ["no scale", head + JSON.stringify({ ...body, scale: undefined })],
    ["a time that is none", head + JSON.stringify({ ...body, eventTimeMs: "1" })],
    ["bytes that are no text", Buffer.from([0xff, 0xfe, 0, 0x80])],
    ["an order that locks the key for ever", `mark/1 ${"9".repeat(20)} {`],
  ])("a mark in whose place there is %s is unknown and counted; the next one is written over it", async (_, value) => {
    const platform = newPlatform();
    const cache = await opened({ url: server.url, platform });
    await admin.set(`countersign:${platform}:mark/1:AAPL`, value);
    expect(await cache.marks.get("AAPL")).toBeUndefined();
    expect(cache.counts()).toMatchObject({ badValues: 1, unknownReads: 0 });
    expect(await cache.marks.put("AAPL", mark)).toBe("stored");
    expect(await cache.marks.get("AAPL")).toEqual(mark);
  });

  it("a list, or a vector that is none, is unknown; a bucket that is none is a new one", async () => {
    const platform = newPlatform();
    const cache = await opened({ url: server.url, platform });
    const keyOf = (rest: string) => `countersign:${platform}:${rest}`;
    await admin.rpush(keyOf("mark/1:AAPL"), "x");
    await admin.set(keyOf("features/1:trend:AAPL"), `features/1 ${"0".repeat(20)} {"values":{"rsi":"high"}}`);
    await admin.hset(keyOf("bucket/1:test:list"), "a", "b");
    await admin.set(keyOf("bucket/1:test:text"), "bucket/1 soon");
    await admin.set(keyOf("bucket/1:test:far"), `bucket/1 ${"9".repeat(400)}`);
    expect(await cache.marks.get("AAPL")).toBeUndefined();
    expect(await cache.features.get(trend)).toBeUndefined();
    expect(cache.counts().badValues).toBe(2);
    expect(await cache.rateLimit.take("list", 100)).toEqual({ allowed: true, retryAfterMs: 0 });
    expect(await cache.rateLimit.take("text", 100)).toEqual({ allowed: true, retryAfterMs: 0 });
    expect(cache.counts()).toMatchObject({ badValues: 4, localTakes: 0 });
    // As after a clock that stepped back by years: empty, and full again after the usual second.
    const { allowed, retryAfterMs } = await cache.rateLimit.take("far", 100);
    expect([allowed, retryAfterMs]).toEqual([false, 1000]);
    expect(await cache.marks.put("AAPL", mark)).toBe("stored");
    expect(await cache.features.put(trend, { eventTimeMs: 0, values: {} })).toBe("stored");
    expect(cache.state()).toBe("up");
  });
});
