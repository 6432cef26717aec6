import { Buckets } from "../buckets.ts";
import { noCounts } from "../counts.ts";
import { type Lifetimes, latest, type Slots } from "../latest.ts";
import { checkCost, checkLimit, checkPlatform } from "../options.ts";
import type { Cache, RateLimiter, RateLimitOptions } from "../port.ts";
import { ORDER_DIGITS } from "../values.ts";

export interface MemoryCacheOptions extends Lifetimes {
  readonly platform: string;
  readonly rateLimit: RateLimitOptions;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** The cache of a platform that is one process: nothing is shared, and the limit is whole. Throws BAD_PLATFORM, BAD_LIMIT. */
export function openMemoryCache(options: MemoryCacheOptions): Cache {
  const { platform, rateLimit, nowMs } = options;
  checkPlatform(platform);
  checkLimit(rateLimit);
  const counts = noCounts();
  return {
    ...latest(platform, memorySlots(nowMs), counts, options),
    rateLimit: memoryRateLimiter(rateLimit, nowMs),
    state: () => "up",
    counts: () => ({ ...counts }),
    close: async () => {},
  };
}

/** Values stay text, so that what is read is never the object that somebody else still holds. */
function memorySlots(nowMs: () => number): Slots {
  const slots = new Map<string, { text: string; untilMs: number }>();
  const live = (key: string) => {
    const slot = slots.get(key);
    if (slot !== undefined && slot.untilMs <= nowMs()) slots.delete(key);
    return slots.get(key)?.text;
  };
  return {
    get: async (key) => live(key),
    put: async (key, schema, text, ttlMs) => {
      const orderOf = (one: string) => one.slice(schema.length + 1, schema.length + 1 + ORDER_DIGITS);
      const before = live(key);
      if (before !== undefined && orderOf(before) >= orderOf(text)) return "kept";
      slots.set(key, { text, untilMs: nowMs() + ttlMs });
      return "stored";
    },
  };
}

function memoryRateLimiter(limit: RateLimitOptions, nowMs: () => number): RateLimiter {
  const buckets = new Buckets(limit, nowMs);
  return {
    async take(identity, cost = 1) {
      checkCost(cost, limit.burst);
      const { granted, retryAfterMs } = buckets.take(identity, { want: cost, atLeast: cost });
      return { allowed: granted > 0, retryAfterMs };
    },
    async lease(identity, want) {
      checkCost(want, limit.burst);
      const { granted, retryAfterMs } = buckets.take(identity, { want, atLeast: 1 });
      return { tokens: granted, retryAfterMs };
    },
  };
}
