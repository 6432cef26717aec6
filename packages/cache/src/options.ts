import { CacheError } from "./error.ts";
import type { RateLimitOptions } from "./port.ts";

/** Above it a token takes less than the microsecond in which Redis counts. */
const PER_SECOND_MAX = 1_000_000;

/** Throws BAD_LIMIT. */
export function checkLimit({ scope, perSecond, burst, replicas }: RateLimitOptions): void {
  if (scope === "") throw new CacheError("BAD_LIMIT", "rateLimit.scope is empty: give the name of the agent");
  if (!(perSecond > 0 && perSecond <= PER_SECOND_MAX))
    throw new CacheError(
      "BAD_LIMIT",
      `rateLimit.perSecond is ${perSecond}: give more than 0, at most ${PER_SECOND_MAX}`,
    );
  for (const [name, value] of Object.entries({ burst, replicas }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new CacheError("BAD_LIMIT", `rateLimit.${name} is ${value}: give a whole number from 1`);
}

/** Throws BAD_COST. */
export function checkCost(cost: number, burst: number): void {
  if (!Number.isSafeInteger(cost) || cost < 1 || cost > burst)
    throw new CacheError(
      "BAD_COST",
      `rateLimit: a cost of ${cost} is none: give a whole number from 1 to the burst, ${burst}`,
    );
}

/** Throws BAD_PLATFORM. */
export function checkPlatform(platform: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(platform))
    throw new CacheError("BAD_PLATFORM", `platform is "${platform}": give 1 to 63 of a-z, 0-9 and -, not - first`);
}
