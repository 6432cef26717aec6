import { randomUUID } from "node:crypto";
import { openRedisCache, type RedisCacheOptions } from "../src/redis/redis-cache.ts";
import { until } from "./server.ts";

/** A name for keys that no other test has. */
export const newPlatform = () => `test-${randomUUID()}`;

/** A cache that has reached its Redis. */
export async function openUp(options: Pick<RedisCacheOptions, "url"> & Partial<RedisCacheOptions>) {
  const cache = openRedisCache({
    platform: newPlatform(),
    rateLimit: { scope: "test", perSecond: 100, burst: 100, replicas: 2 },
    nowMs: () => performance.now(),
    // The machine that runs the tests may be busier than one that trades.
    deadlineMs: 500,
    ...options,
  });
  await until(() => cache.state() === "up", "the cache is up");
  return cache;
}
