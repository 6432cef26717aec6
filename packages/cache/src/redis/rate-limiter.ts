import type { Ask } from "../bucket.ts";
import { Buckets } from "../buckets.ts";
import type { Counts } from "../counts.ts";
import { keyOf } from "../latest.ts";
import { checkCost } from "../options.ts";
import type { RateLimiter, RateLimitOptions } from "../port.ts";
import { away, type Connection } from "./connection.ts";
import { run, takeTokens } from "./scripts.ts";

interface RedisRateLimiterOptions {
  readonly platform: string;
  readonly limit: RateLimitOptions;
  readonly connection: Connection;
  readonly counts: Counts;
  readonly nowMs: () => number;
}

/**
 * While Redis is away each replica goes on with its share, limit ÷ replicas. To allow everything would let whoever can stop Redis past the
 * limit; to refuse everything would let him stop the trading, cancels included. The shares add up to the limit; what is lost is that a
 * sender who talks to one replica alone has only that one's share.
 *
 * The share is kept up to date while Redis answers, so that who has just used his burst has none left here. Each change between the two
 * can cost at most one burst more: a Redis that was restarted has forgotten, and begins with full buckets.
 */
export function redisRateLimiter({ platform, limit, connection, counts, nowMs }: RedisRateLimiterOptions): RateLimiter {
  const { scope, perSecond, burst, replicas } = limit;
  const share = new Buckets({ perSecond: perSecond / replicas, burst: burst / replicas }, nowMs);

  const ask = async (identity: string, { want, atLeast }: Ask) => {
    checkCost(want, burst);
    const key = keyOf(platform, "bucket/1", [scope, identity]);
    const answer = await connection.call((redis) => run(redis, takeTokens, key, [want, atLeast, perSecond, burst]));
    const shared = answer === away ? undefined : readGrant(answer, want);
    if (shared === undefined) {
      counts.localTakes++;
      return share.take(identity, { want, atLeast });
    }
    if (shared.isForeign) counts.badValues++;
    if (shared.granted > 0) share.note(identity, shared.granted);
    return shared;
  };

  return {
    async take(identity, cost = 1) {
      const { granted, retryAfterMs } = await ask(identity, { want: cost, atLeast: cost });
      return { allowed: granted > 0, retryAfterMs };
    },
    async lease(identity, want) {
      const { granted, retryAfterMs } = await ask(identity, { want, atLeast: 1 });
      return { tokens: granted, retryAfterMs };
    },
  };
}

/** Undefined when what answers is no Redis that runs our script. */
function readGrant(answer: unknown, want: number) {
  if (!Array.isArray(answer) || !answer.every(Number.isSafeInteger)) return undefined;
  const [granted, retryAfterMs, bad] = answer;
  if (!(granted >= 0 && granted <= want && retryAfterMs >= 0)) return undefined;
  return { granted: Number(granted), retryAfterMs: Number(retryAfterMs), isForeign: bad === 1 };
}
