/**
 * What is hot and may be lost. Losing it costs speed, never safety:
 *
 *   1. No call throws for anything the engine does or holds, and none takes longer than its deadline.
 *   2. While the engine is away a read answers `undefined`, "unknown"; a write is dropped and counted; the rate limiter goes on with this
 *      replica's share of the limit.
 *   3. A value is a hint. A decision never reads it: it uses the agent's own journaled view, so that a replay needs no cache. Whoever acts
 *      on a hint verifies it first, against the envelope that `msgId` names.
 */
export interface Cache {
  readonly features: Features;
  readonly marks: Marks;
  readonly rateLimit: RateLimiter;
  /** "down" from the first sign that the engine is away until it has taken a write again. Memory is always "up". */
  state(): "up" | "down";
  /** Since the cache was opened; for metrics. */
  counts(): CacheCounts;
  close(): Promise<void>;
}

/** The latest feature vector of each strategy and symbol; it never goes back in event time. */
export interface Features {
  put(of: FeaturesOf, vector: FeatureVector): Promise<Put>;
  /** Undefined when it is not known: never written, expired, unreadable, or the engine is away. */
  get(of: FeaturesOf): Promise<FeatureVector | undefined>;
}

export interface FeaturesOf {
  readonly strategy: string;
  readonly symbol: string;
}

export interface FeatureVector {
  readonly eventTimeMs: number;
  /** By name, each a finite number. What is not known is left out. */
  readonly values: Readonly<Record<string, number>>;
}

/** The latest mark of each symbol; it never goes back in `seq`, the count of its one sender on its topic. */
export interface Marks {
  put(symbol: string, mark: Mark): Promise<Put>;
  /** Undefined when it is not known: see {@link Features.get}. */
  get(symbol: string): Promise<Mark | undefined>;
}

export interface Mark {
  /** Above zero; `scale` from 0 to 9. */
  readonly price: { readonly units: bigint; readonly scale: number };
  readonly eventTimeMs: number;
  /** Of the quote it comes from. */
  readonly msgId: string;
  readonly seq: bigint;
}

/**
 * `kept`: what is there is as new or newer. `dropped`: the engine is away, or nobody could read the value back (a number that is none, a
 * price of nothing).
 */
export type Put = "stored" | "kept" | "dropped";

/** One token bucket per identity, shared by all replicas of an agent. */
export interface RateLimiter {
  /** Takes all of `cost` or nothing. Throws BAD_COST unless it is a whole number from 1 to the burst. */
  take(identity: string, cost?: number): Promise<RateAnswer>;
  /** Takes up to `want` tokens (bounded like a cost), to be spent by the caller within moments. */
  lease(identity: string, want: number): Promise<Lease>;
}

export interface RateAnswer {
  readonly allowed: boolean;
  /** Until `cost` could be met if nobody else asks; 0 when allowed. */
  readonly retryAfterMs: number;
}

export interface Lease {
  /** 0 when the bucket is empty. */
  readonly tokens: number;
  /** Until there is one token if nobody else asks; 0 when there were some. */
  readonly retryAfterMs: number;
}

export interface RateLimitOptions {
  /** Whose door this is: the agent's name. The same identity has another bucket at another door. */
  readonly scope: string;
  /** Per identity over all replicas, above 0, at most 1,000,000. */
  readonly perSecond: number;
  /** What an identity that was silent may send at once: a whole number. */
  readonly burst: number;
  /** How many processes share the limit, at most: each goes on with its share while the engine is away. */
  readonly replicas: number;
}

export interface CacheCounts {
  /** Reads that were answered "unknown" because the engine was away. */
  readonly unknownReads: number;
  readonly droppedWrites: number;
  /** Takes and leases that this replica's share answered. */
  readonly localTakes: number;
  /** Values that are not ours or not whole, and were taken as unknown. */
  readonly badValues: number;
  /** Calls that were given up at their deadline. */
  readonly deadlines: number;
  /** Times the state went from up to down. */
  readonly outages: number;
}
