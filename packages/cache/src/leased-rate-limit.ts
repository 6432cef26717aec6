/**
 * The rate limit as a pipeline wants it: without a wait, as long as the sender is far from the limit.
 *
 *   1. Tokens are taken from the shared bucket in chunks and spent here. A message that finds one is decided at once, synchronously.
 *   2. When half of a chunk is spent the next is fetched in the background.
 *   3. Who finds none waits for the chunk that is on its way: the first message of a sender, and one that outran the fetching.
 *   4. A sender who is told "empty" is refused here until the bucket can have a token again, without a call: who floods costs nothing.
 *   5. A chunk that is older than `leaseMs` is thrown away, so that silent replicas hold no tokens back.
 *
 * Tokens are spent at most `leaseMs` after they were taken, so all replicas together allow at most burst + perSecond × (window + leaseMs)
 * in any window. Too few are allowed only while chunks lie idle: at most one a sender and replica.
 */
import { checkCost } from "./options.ts";
import type { RateLimiter } from "./port.ts";

export interface LeasedRateLimitOptions {
  readonly limiter: RateLimiter;
  /** Tokens per fetch, at most the burst: a good chunk lasts a busy sender ten times as long as Redis takes to answer. */
  readonly chunk: number;
  /** 1,000 unless told. */
  readonly leaseMs?: number;
  /** Monotonic. */
  readonly nowMs: () => number;
}

interface Held {
  /** The oldest first; hardly ever more than two. */
  readonly chunks: { tokens: number; readonly untilMs: number }[];
  /** Refused without asking until then. */
  emptyUntilMs: number;
  fetching: Promise<void> | undefined;
}

/** A bucket that refills every half millisecond is not asked as often: a flood of one sender makes at most 200 calls a second. */
const EMPTY_MS_MIN = 5;
/** Senders who hold nothing are forgotten above this many. */
const SWEEP_ABOVE = 10_000;

export class LeasedRateLimit {
  readonly #o: Required<LeasedRateLimitOptions>;
  readonly #held = new Map<string, Held>();
  #sweepAbove = SWEEP_ABOVE;

  /** Throws BAD_COST for a chunk that is no whole number; one above the burst is found out by the first take. */
  constructor({ leaseMs = 1_000, ...options }: LeasedRateLimitOptions) {
    checkCost(options.chunk, Number.MAX_SAFE_INTEGER);
    this.#o = { leaseMs, ...options };
  }

  /** Whether this identity may go on; takes one token. A promise only when it has to ask. */
  take(identity: string): boolean | Promise<boolean> {
    const held = this.#of(identity);
    return this.#spend(identity, held) ?? this.#wait(identity, held);
  }

  /** Undefined: nobody here knows. */
  #spend(identity: string, held: Held): boolean | undefined {
    const { chunks } = held;
    const nowMs = this.#o.nowMs();
    while (chunks[0] !== undefined && (chunks[0].tokens === 0 || chunks[0].untilMs <= nowMs)) chunks.shift();
    const [oldest] = chunks;
    if (oldest === undefined) return held.emptyUntilMs > nowMs ? false : undefined;
    oldest.tokens--;
    const isLow = chunks.length === 1 && oldest.tokens < this.#o.chunk / 2;
    if (isLow && held.emptyUntilMs <= nowMs) void this.#fetch(identity, held);
    return true;
  }

  /** Ends: each round either brings a token or says "empty", and of those who wait one takes it. */
  async #wait(identity: string, held: Held): Promise<boolean> {
    for (;;) {
      await this.#fetch(identity, held);
      const answer = this.#spend(identity, held);
      if (answer !== undefined) return answer;
    }
  }

  #fetch(identity: string, held: Held): Promise<void> {
    held.fetching ??= this.#lease(identity, held).finally(() => {
      held.fetching = undefined;
    });
    return held.fetching;
  }

  async #lease(identity: string, held: Held): Promise<void> {
    const { limiter, chunk, leaseMs, nowMs } = this.#o;
    // By the time before the call: by then, at the earliest, the tokens had left the bucket.
    const askedMs = nowMs();
    const { tokens, retryAfterMs } = await limiter.lease(identity, chunk);
    if (tokens > 0) held.chunks.push({ tokens, untilMs: askedMs + leaseMs });
    else held.emptyUntilMs = nowMs() + Math.max(retryAfterMs, EMPTY_MS_MIN);
  }

  #of(identity: string): Held {
    const known = this.#held.get(identity);
    if (known !== undefined) return known;
    const held: Held = { chunks: [], emptyUntilMs: 0, fetching: undefined };
    this.#held.set(identity, held);
    if (this.#held.size > this.#sweepAbove) this.#sweep();
    return held;
  }

  #sweep(): void {
    const nowMs = this.#o.nowMs();
    for (const [identity, { chunks, emptyUntilMs, fetching }] of this.#held)
      if (fetching === undefined && Math.max(chunks.at(-1)?.untilMs ?? 0, emptyUntilMs) <= nowMs)
        this.#held.delete(identity);
    this.#sweepAbove = Math.max(SWEEP_ABOVE, 2 * this.#held.size);
  }
}
