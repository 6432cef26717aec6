import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LeasedRateLimit } from "./leased-rate-limit.ts";
import { openMemoryCache } from "./memory/memory-cache.ts";

/** A world with a clock, one shared bucket a sender, and the calls that reached it. */
function world({ perSecond = 1_000, burst = 100, chunk = 20, leaseMs = 1_000 } = {}) {
  const clock = { ms: 1_000 };
  const nowMs = () => clock.ms;
  const { rateLimit } = openMemoryCache({
    platform: "t",
    rateLimit: { scope: "t", perSecond, burst, replicas: 1 },
    nowMs,
  });
  const calls = { count: 0 };
  const limiter = {
    ...rateLimit,
    lease: (identity: string, want: number) => {
      calls.count++;
      return rateLimit.lease(identity, want);
    },
  };
  const replica = () => new LeasedRateLimit({ limiter, chunk, leaseMs, nowMs });
  return { clock, calls, replica };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("a leased rate limit", () => {
  it("waits for the first chunk, then decides at once, and fetches before it runs dry", async () => {
    const { calls, replica } = world();
    const limit = replica();
    const first = limit.take("a");
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toBe(true);
    for (let n = 0; n < 60; n++) {
      expect(limit.take("a")).toBe(true);
      await settled();
    }
    // 61 tokens; each chunk is fetched when half of the one before is left.
    expect(calls.count).toBe(4);
  });

  it("asks once for all who wait", async () => {
    const { calls, replica } = world();
    const limit = replica();
    expect(await Promise.all(Array.from({ length: 10 }, () => limit.take("a")))).toEqual(Array(10).fill(true));
    expect(calls.count).toBe(1);
  });

  it("refuses who floods without a call, and lets him in again when there are tokens", async () => {
    const { clock, calls, replica } = world({ perSecond: 10, burst: 20 });
    const limit = replica();
    for (let n = 0; n < 20; n++) expect(await limit.take("a")).toBe(true);
    await settled();
    expect(await limit.take("a")).toBe(false);
    const { count } = calls;
    for (let n = 0; n < 1_000; n++) expect(limit.take("a")).toBe(false);
    expect(calls.count).toBe(count);
    expect(await limit.take("b")).toBe(true);
    clock.ms += 100;
    expect(await limit.take("a")).toBe(true);
    expect(await limit.take("a")).toBe(false);
  });

  it("of those who wait for one token one gets it, and the others an answer", async () => {
    const { clock, replica } = world({ perSecond: 1, burst: 1, chunk: 1 });
    const limit = replica();
    const answers = await Promise.all(Array.from({ length: 50 }, () => limit.take("a")));
    expect(answers.filter(Boolean)).toEqual([true]);
    clock.ms += 1_000;
    expect(await limit.take("a")).toBe(true);
  });

  it("throws away a chunk that has grown old", async () => {
    const { clock, replica } = world({ perSecond: 0.001, burst: 40, chunk: 20, leaseMs: 50 });
    const limit = replica();
    expect(await limit.take("a")).toBe(true);
    clock.ms += 50;
    let allowed = 0;
    for (let n = 0; n < 40; n++) if (await limit.take("a")) allowed++;
    expect(allowed).toBe(20);
  });

  it("never allows more in any window than burst + rate × (window + lease), whoever asks when", async () => {
    const steps = fc.array(fc.record({ afterMs: fc.nat(120), replica: fc.nat(2), takes: fc.nat(80) }), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 60 }), async (all, chunk) => {
        const [perSecond, burst, leaseMs] = [100, 60, 200];
        const { clock, replica } = world({ perSecond, burst, chunk, leaseMs });
        const replicas = [replica(), replica(), replica()];
        const allowed: number[] = [];
        for (const step of all) {
          clock.ms += step.afterMs;
          for (let n = 0; n < step.takes; n++) {
            if (await replicas[step.replica]!.take("a")) allowed.push(clock.ms);
            if (n % 7 === 0) await settled();
          }
        }
        for (const [from, fromMs] of allowed.entries())
          for (let to = from; to < allowed.length; to += 1 + (to % 5)) {
            const windowMs = (allowed[to] ?? 0) - fromMs;
            expect(to - from + 1).toBeLessThanOrEqual(burst + (perSecond * (windowMs + leaseMs)) / 1000);
          }
      }),
      { numRuns: 60 },
    );
  });

  it("with a chunk that is none does not begin: BAD_COST; with one above the burst the first take says so", async () => {
    for (const chunk of [0, 1.5, Number.NaN])
      expect(() => world({ chunk }).replica()).toThrow(expect.objectContaining({ code: "BAD_COST" }));
    await expect(world({ chunk: 101 }).replica().take("a")).rejects.toMatchObject({ code: "BAD_COST" });
  });
});
