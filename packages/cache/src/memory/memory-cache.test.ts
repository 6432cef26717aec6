import { describe, expect, it } from "vitest";
import { cacheConformance } from "../conformance.ts";
import { openMemoryCache } from "./memory-cache.ts";

describe("the cache in memory", () => {
  let nowMs = 0;
  cacheConformance(
    {
      open: async ({ rateLimit, ...options }) =>
        openMemoryCache({
          platform: "test",
          rateLimit: { scope: "test", replicas: 1, ...rateLimit },
          nowMs: () => nowMs,
          ...options,
        }),
      sleep: async (ms) => {
        nowMs += ms;
      },
    },
    { it, equal: (actual, expected) => expect(actual).toEqual(expected) },
  );

  it.each([
    [{ platform: "Demo:1" }, "BAD_PLATFORM"],
    [{ rateLimit: { scope: "", perSecond: 1, burst: 1, replicas: 1 } }, "BAD_LIMIT"],
    [{ rateLimit: { scope: "a", perSecond: 0, burst: 1, replicas: 1 } }, "BAD_LIMIT"],
    [{ rateLimit: { scope: "a", perSecond: Number.NaN, burst: 1, replicas: 1 } }, "BAD_LIMIT"],
    [{ rateLimit: { scope: "a", perSecond: 1, burst: 1.5, replicas: 1 } }, "BAD_LIMIT"],
    [{ rateLimit: { scope: "a", perSecond: 1, burst: 1, replicas: 0 } }, "BAD_LIMIT"],
  ])("does not open with %j: %s", (change, code) => {
    const good = { platform: "demo", rateLimit: { scope: "a", perSecond: 1, burst: 1, replicas: 1 }, nowMs: () => 0 };
    expect(() => openMemoryCache(good)).not.toThrow();
    expect(() => openMemoryCache({ ...good, ...change })).toThrow(expect.objectContaining({ code }));
  });
});
