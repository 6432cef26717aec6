/** The doors of the pipeline before a decision, for whatever comes in: those of pipeline.ts, and those that need a store or a count. */
import type { Mode } from "@countersign/contracts";
import type { Keys, Opened } from "@countersign/envelope";
import type { Loop } from "./loop.ts";
import { asks, inboxOf } from "./pending.ts";
import { type Admitted, admit, ageOf, type Delivery, type PipelineRefusal } from "./pipeline.ts";
import type { RateLimiter } from "./ports.ts";
import type { DoorTimes, Work } from "./probe.ts";
import type { Store } from "./store.ts";

export interface DoorsOptions {
  readonly keys: Keys;
  readonly mode: Mode;
  readonly store: Store;
  readonly loop: Loop;
  readonly limit: RateLimiter;
}

export class Doors {
  readonly counts = { opened: 0 };
  readonly #o: DoorsOptions;

  constructor(options: DoorsOptions) {
    this.#o = options;
  }

  admit(delivery: Delivery, times?: DoorTimes): Admitted | PipelineRefusal {
    this.counts.opened++;
    const { keys, mode, loop } = this.#o;
    return admit(delivery, keys, mode, loop.nowMs(), times);
  }

  /** STALE, FUTURE or RATE_LIMITED. A repetition of what was acted on in time gets the first outcome, however late it comes. */
  async tooOldOrTooMuch(opened: Opened, work: Work | undefined): Promise<string | undefined> {
    const nowMs = this.#o.loop.nowMs();
    const age = ageOf(opened, nowMs);
    work?.step("age");
    if (age !== undefined) {
      const isRepetition = await this.#isRepetition(opened);
      work?.step("seen");
      if (!isRepetition) return age.code;
    }
    // What states that something happened, such as a fill, is never too much: backpressure holds it, and nothing may lose it.
    if (!asks(opened)) return undefined;
    const answer = this.#o.limit.take(opened.body.sender, nowMs);
    const isAllowed = typeof answer === "boolean" ? answer : await answer;
    work?.step("rate");
    return isAllowed ? undefined : "RATE_LIMITED";
  }

  /** By its msg_id, or under its idempotency key by another. */
  async #isRepetition(opened: Opened): Promise<boolean> {
    for (const { msgId } of inboxOf(opened)) if ((await this.#o.store.outcome(msgId)) !== undefined) return true;
    return false;
  }
}
