import { type Ask, drain, type Grant, type Limit, spend } from "./bucket.ts";

/** A full bucket is like none: above this many the full ones are forgotten. */
const SWEEP_ABOVE = 10_000;

/** Token buckets in this process, by monotonic time. */
export class Buckets {
  readonly #limit: Limit;
  readonly #nowMs: () => number;
  readonly #fullAtUs = new Map<string, number>();
  #sweepAbove = SWEEP_ABOVE;

  constructor(limit: Limit, nowMs: () => number) {
    this.#limit = limit;
    this.#nowMs = nowMs;
  }

  take(identity: string, ask: Ask): Grant {
    const nowUs = this.#nowMs() * 1000;
    const grant = spend(this.#fullAtUs.get(identity) ?? nowUs, nowUs, ask, this.#limit);
    if (grant.granted > 0) this.#set(identity, grant.fullAtUs, nowUs); // P10.rate-share
    return grant;
  }

  /** These tokens were spent elsewhere. */
  note(identity: string, spent: number): void {
    const nowUs = this.#nowMs() * 1000;
    this.#set(identity, drain(this.#fullAtUs.get(identity) ?? nowUs, nowUs, spent, this.#limit), nowUs);
  }

  #set(identity: string, fullAtUs: number, nowUs: number): void {
    this.#fullAtUs.set(identity, fullAtUs);
    if (this.#fullAtUs.size <= this.#sweepAbove) return;
    for (const [one, atUs] of this.#fullAtUs) if (atUs <= nowUs) this.#fullAtUs.delete(one);
    this.#sweepAbove = Math.max(SWEEP_ABOVE, 2 * this.#fullAtUs.size);
  }
}
