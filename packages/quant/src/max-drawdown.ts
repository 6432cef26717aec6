import { finite, positive } from "./checks.ts";
import type { Estimator } from "./estimator.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

/**
 * The deepest fall of equity from its highest point so far, as a non-positive fraction of that point. The starting
 * equity is the first high, so a loss on the first day counts. `current` is the fall right now.
 */
export class MaxDrawdown implements Estimator<number> {
  readonly #startingEquity: number;
  #peak: number;
  #worst: number | undefined;
  #current: number | undefined;

  constructor({ startingEquity }: { startingEquity: number }) {
    this.#startingEquity = positive(startingEquity, "startingEquity", "BAD_PARAMETER");
    this.#peak = startingEquity;
  }

  update(equity: number): void {
    finite(equity, "equity");
    this.#peak = Math.max(this.#peak, equity);
    const fall = (equity - this.#peak) / this.#peak;
    this.#current = fall;
    this.#worst = Math.min(this.#worst ?? 0, fall);
  }

  get value(): number | undefined {
    return this.#worst;
  }

  get current(): number | undefined {
    return this.#current;
  }

  snapshot(): Snapshot {
    return { ...this.#identity(), peak: this.#peak, worst: this.#worst ?? null, current: this.#current ?? null };
  }

  restore(snapshot: unknown): void {
    const read = new SnapshotReader(snapshot, this.#identity());
    const peak = positive(read.number("peak"), "peak", "BAD_SNAPSHOT");
    const [worst, current] = [read.numberOrNothing("worst"), read.numberOrNothing("current")];
    this.#peak = peak;
    this.#worst = worst;
    this.#current = current;
  }

  #identity(): Snapshot {
    return { kind: "max-drawdown", startingEquity: this.#startingEquity };
  }
}
