/**
 * Inputs that wait while a transaction is under way are folded into the next one: all those of one aggregate, in the order they came,
 * become one commit. So a busy account costs few commits, and an idle one waits for nobody.
 */
import type { Fate, Fates, Pending } from "./pending.ts";

interface Waiting {
  readonly key: string;
  readonly pending: Pending;
  resolve(fate: Fate): void;
  reject(error: unknown): void;
}

/** Inputs of one commit: enough to pay for it, few enough that the first does not wait for the last. */
const TOGETHER_MAX = 64;

export class Together {
  readonly #process: (key: string, inputs: readonly Pending[]) => Promise<Fates>;
  #waiting: Waiting[] = [];
  #isRunning = false;

  constructor(process: (key: string, inputs: readonly Pending[]) => Promise<Fates>) {
    this.#process = process;
  }

  /** Resolves when the transaction that took it has committed; rejects when it could not. */
  add(key: string, pending: Pending): Promise<Fate> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, pending, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What is posted in one turn, such as a batch of the bus, goes together.
    await undefined;
    while (this.#waiting.length > 0) {
      const taken = this.#take();
      try {
        const fates = await this.#process(
          taken[0]!.key,
          taken.map(({ pending }) => pending),
        );
        for (const one of taken) one.resolve(fates.get(one.pending) ?? {});
      } catch (error) {
        for (const one of taken) one.reject(error);
      }
    }
    this.#isRunning = false;
  }

  /** Those of the first one's aggregate. A repetition of one that is taken waits: the store will know the first one's outcome. */
  #take(): readonly Waiting[] {
    const { key } = this.#waiting[0]!;
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
