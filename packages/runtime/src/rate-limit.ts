import type { RateLimiter } from "./ports.ts";

/** A token bucket per identity, filled by decision time: a noisy sender is refused before it can crowd out the others. */
export class RateLimit implements RateLimiter {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor({ perSecond, burst }: { perSecond: number; burst: number }) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** True when this identity may go on; takes one token. */
  take(identity: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(identity) ?? { tokens: this.#burst, atMs: nowMs };
    const gained = (Math.max(0, nowMs - bucket.atMs) * this.#perSecond) / 1000;
    const tokens = Math.min(this.#burst, bucket.tokens + gained);
    if (tokens < 1) return false;
    this.#buckets.set(identity, { tokens: tokens - 1, atMs: Math.max(bucket.atMs, nowMs) });
    return true;
  }
}
