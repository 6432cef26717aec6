export { cacheConformance } from "./conformance.ts";
export { CacheError, type CacheErrorCode } from "./error.ts";
export { LeasedRateLimit, type LeasedRateLimitOptions } from "./leased-rate-limit.ts";
export { type MemoryCacheOptions, openMemoryCache } from "./memory/memory-cache.ts";
export type {
  Cache,
  CacheCounts,
  Features,
  FeaturesOf,
  FeatureVector,
  Lease,
  Mark,
  Marks,
  Put,
  RateAnswer,
  RateLimiter,
  RateLimitOptions,
} from "./port.ts";
export { openRedisCache, type RedisCacheOptions } from "./redis/redis-cache.ts";
