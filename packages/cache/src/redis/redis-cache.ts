import { type Counts, noCounts } from "../counts.ts";
import { keyOf, type Lifetimes, latest, type Slots } from "../latest.ts";
import { checkLimit, checkPlatform } from "../options.ts";
import type { Cache, RateLimitOptions } from "../port.ts";
import { away, Connection, type OnState } from "./connection.ts";
import { redisRateLimiter } from "./rate-limiter.ts";
import { putForward, run } from "./scripts.ts";

export interface RedisCacheOptions extends Lifetimes {
  /** `redis[s]://[user][:password@]host[:port][/db]`; never logged. User and password of a function are asked for each connection. */
  readonly url: string | (() => string);
  /** PEM, for `rediss://`: whose certificates are believed; those that Node knows unless given. */
  readonly ca?: Uint8Array | undefined;
  /** Begins every key, so that platforms can share a Redis. */
  readonly platform: string;
  readonly rateLimit: RateLimitOptions;
  /** Of each call; 50 unless told. */
  readonly deadlineMs?: number;
  /** Monotonic: the share of the rate limit is counted by it while Redis is away. */
  readonly nowMs: () => number;
  /** For the log; the reason is one line and holds no secret. */
  readonly onState?: OnState;
}

/**
 * Hot state on Redis 5 or later. Returns at once, with the state "down": an agent that starts does not wait for what it can do without.
 * Throws BAD_URL, BAD_PLATFORM, BAD_LIMIT.
 */
export function openRedisCache(options: RedisCacheOptions): Cache {
  const { url: given, ca, platform, rateLimit, deadlineMs = 50, nowMs, onState } = options;
  const url = typeof given === "string" ? () => given : given;
  checkPlatform(platform);
  checkLimit(rateLimit);
  const counts = noCounts();
  const connection = new Connection({ url, ca, deadlineMs, probeKey: keyOf(platform, "probe", []), counts, onState });
  return {
    ...latest(platform, redisSlots(connection, counts), counts, options),
    rateLimit: redisRateLimiter({ platform, limit: rateLimit, connection, counts, nowMs }),
    state: () => connection.state,
    counts: () => ({ ...counts }),
    close: () => connection.close(),
  };
}

function redisSlots(connection: Connection, counts: Counts): Slots {
  return {
    async get(key) {
      const text = await connection.call((redis) => redis.get(key).catch(notAText));
      if (text === away) counts.unknownReads++;
      return text === away || text === null ? undefined : text;
    },
    async put(key, schema, text, ttlMs) {
      const stored = await connection.call((redis) => run(redis, putForward, key, [text, ttlMs, `${schema} `]));
      if (stored === away) return "dropped";
      return stored === 1 ? "stored" : "kept";
    },
  };
}

/** A list or a hash under our key: somebody else's value, and no sign that Redis is away. */
function notAText(error: unknown): string {
  if (error instanceof Error && error.message.startsWith("WRONGTYPE")) return "";
  throw error;
}
