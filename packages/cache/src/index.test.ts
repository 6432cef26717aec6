import { describe, expect, it } from "vitest";
import * as cache from "./index.ts";

describe("the public face", () => {
  it("is this list", () => {
    expect(Object.keys(cache).sort()).toEqual([
      "CacheError",
      "LeasedRateLimit",
      "cacheConformance",
      "openMemoryCache",
      "openRedisCache",
    ]);
  });

  it("works as the README shows", async () => {
    const clock = { nowMs: () => performance.now() };
    const rateLimit = { scope: "policy", perSecond: 2_000, burst: 10_000, replicas: 3 };
    const hot = cache.openMemoryCache({ platform: "demo", rateLimit, nowMs: clock.nowMs });
    await hot.marks.put("AAPL", { price: { units: 18_742n, scale: 2 }, eventTimeMs: 1, msgId: "0197", seq: 7n });
    expect((await hot.marks.get("AAPL"))?.price.units).toBe(18_742n);
    const limit = new cache.LeasedRateLimit({ limiter: hot.rateLimit, chunk: 100, nowMs: clock.nowMs });
    expect(await limit.take("portfolio")).toBe(true);
    await hot.close();
  });
});
