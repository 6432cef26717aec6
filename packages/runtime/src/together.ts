/**
 * Inputs that wait while a transaction is under way are folded into the next one: all those of one aggregate, in the order they came,
 * become one commit. So a busy account costs few commits, and an idle one waits for nobody. What may wait, such as news of a fill for
 * somebody who does not trade upon it, waits for its time, for a full transaction, or for one of its aggregate that may not.
 */
import type { Fate, Fates, Pending } from "./pending.ts";

interface Waiting {
  readonly key: string;
  readonly pending: Pending;
  /** By performance.now(). */
  readonly dueMs: number;
  resolve(fate: Fate): void;
  reject(error: unknown): void;
}

/** Inputs of one commit: enough to pay for it, few enough that the first does not wait for the last. */
const TOGETHER_MAX = 64;

export class Together {
  readonly #process: (key: string, inputs: readonly Pending[]) => Promise<Fates>;
  #waiting: Waiting[] = [];
  #isRunning = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(process: (key: string, inputs: readonly Pending[]) => Promise<Fates>) {
    this.#process = process;
  }

  /** Resolves when the transaction that took it has committed; rejects when it could not. */
  add(key: string, pending: Pending): Promise<Fate> {
    return new Promise((resolve, reject) => {
      const dueMs = performance.now() + (pending.mayWaitMs ?? 0);
      this.#waiting.push({ key, pending, dueMs, resolve, reject });
      if (!this.#isRunning && this.#next() !== undefined) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What is posted in one turn, such as a batch of the bus, goes together.
    await undefined;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const taken = this.#take(next);
      try {
        const fates = await this.#process(
          next,
          taken.map(({ pending }) => pending),
        );
        for (const one of taken) one.resolve(fates.get(one.pending) ?? {});
      } catch (error) {
        for (const one of taken) one.reject(error);
      }
    }
    this.#isRunning = false;
  }

  /** The aggregate that is due first. Undefined while all may wait: then it looks again when the first of them may not any more. */
  #next(): string | undefined {
    clearTimeout(this.#timer);
    let first = this.#waiting[0];
    if (first === undefined) return undefined;
    for (const one of this.#waiting) if (one.dueMs < first.dueMs) first = one;
    const leftMs = first.dueMs - performance.now();
    if (leftMs <= 0 || this.#waiting.length >= TOGETHER_MAX) return first.key;
    this.#timer = setTimeout(() => void this.#run(), Math.ceil(leftMs));
    return undefined;
  }

  /** Those of an aggregate. A repetition of one that is taken waits: the store will know the first one's outcome. */
  #take(key: string): readonly Waiting[] {
    const taken: Waiting[] = [];
    const rest: Waiting[] = [];
    const ids = new Set<string>();
    for (const one of this.#waiting) {
      const isNew = one.pending.inbox.every(({ msgId }) => !ids.has(msgId));
      if (one.key !== key || taken.length === TOGETHER_MAX || !isNew) {
        rest.push(one);
        continue;
      }
      taken.push(one);
      for (const { msgId } of one.pending.inbox) ids.add(msgId);
    }
    this.#waiting = rest;
    return taken;
  }
}
