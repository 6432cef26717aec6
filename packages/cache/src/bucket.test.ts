import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Ask, drain, type Limit, spend } from "./bucket.ts";

/** The bucket as everybody draws it: tokens that drip in, in steps of a microsecond. */
class Plain {
  readonly #limit: Limit;
  #tokens: number;
  #atUs = 0;

  constructor(limit: Limit) {
    this.#limit = limit;
    this.#tokens = limit.burst;
  }

  take(nowUs: number, { want, atLeast }: Ask): number {
    const { perSecond, burst } = this.#limit;
    this.#tokens = Math.min(burst, this.#tokens + ((nowUs - this.#atUs) * perSecond) / 1e6);
    this.#atUs = nowUs;
    const whole = Math.min(want, Math.floor(this.#tokens + 1e-6));
    const granted = whole >= atLeast ? whole : 0;
    this.#tokens -= granted;
    return granted;
  }
}

const limits = fc.record({
  // Divisors of a million: a token takes whole microseconds, and the two sums are the same, not nearly.
  perSecond: fc.constantFrom(0.5, 1, 8, 100, 2_000, 1_000_000),
  burst: fc.integer({ min: 1, max: 1_000 }),
});

describe("a bucket that is one number", () => {
  it("grants what the plain one grants, at any times and costs", () => {
    const asks = fc.array(
      fc.record({
        afterUs: fc.integer({ min: 0, max: 2_000_000 }),
        want: fc.integer({ min: 1, max: 1_000 }),
        isLease: fc.boolean(),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(limits, asks, (limit, all) => {
        const plain = new Plain(limit);
        let [nowUs, fullAtUs] = [0, 0];
        for (const { afterUs, want, isLease } of all) {
          nowUs += afterUs;
          const cost = Math.min(want, limit.burst);
          const ask = { want: cost, atLeast: isLease ? 1 : cost };
          const grant = spend(fullAtUs, nowUs, ask, limit);
          expect(grant.granted).toBe(plain.take(nowUs, ask));
          fullAtUs = grant.fullAtUs;
        }
      }),
    );
  });

  it("keeps its word: refused, one may at retryAfterMs, and not a millisecond and a microsecond before", () => {
    fc.assert(
      fc.property(limits, fc.integer({ min: 1, max: 1_000 }), (limit, want) => {
        const cost = Math.min(want, limit.burst);
        const ask = { want: cost, atLeast: cost };
        const { fullAtUs } = spend(0, 0, { want: limit.burst, atLeast: limit.burst }, limit);
        const { granted, retryAfterMs } = spend(fullAtUs, 0, ask, limit);
        expect(granted).toBe(0);
        expect(spend(fullAtUs, retryAfterMs * 1000, ask, limit).granted).toBe(cost);
        if (retryAfterMs > 1) expect(spend(fullAtUs, (retryAfterMs - 1) * 1000 - 1, ask, limit).granted).toBe(0);
      }),
    );
  });

  it("of a share that holds less than a token passes one when full, and holds the rate", () => {
    const share = { perSecond: 1, burst: 2 / 3 };
    const one = { want: 1, atLeast: 1 };
    let [fullAtUs, allowed] = [0, 0];
    for (let ms = 0; ms < 100_000; ms += 10) {
      const grant = spend(fullAtUs, ms * 1000, one, share);
      allowed += grant.granted;
      fullAtUs = grant.fullAtUs;
    }
    expect(allowed).toBe(100);
  });

  it("drained of what was spent elsewhere has that much less, and never less than nothing", () => {
    const limit = { perSecond: 1, burst: 10 };
    const all = { want: 10, atLeast: 1 };
    expect(spend(drain(0, 0, 4, limit), 0, all, limit).granted).toBe(6);
    const empty = drain(0, 0, 1_000, limit);
    expect(spend(empty, 0, all, limit).granted).toBe(0);
    expect(spend(empty, 1_000_000, all, limit).granted).toBe(1);
    expect(drain(empty, 0, 5, limit)).toBe(empty);
  });
});
