import { countOf, finite } from "./checks.ts";
import type { Estimator } from "./estimator.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

/**
 * Smoothing e ← e + k(x − e), seeded by the mean of the first `length` observations; first value at index length − 1.
 * Its early values depend on where it started: `seedWeight` is the share the seed still has in the value, (1 − k)^t.
 */
class Smoothed implements Estimator<number> {
  readonly #length: number;
  readonly #k: number;
  readonly #identity: Snapshot;
  #count = 0;
  #mean = 0;
  #seedWeight = 1;

  constructor(kind: string, length: number, k: number) {
    this.#length = countOf(length, "length");
    this.#k = k;
    this.#identity = { kind, length };
  }

  update(x: number): void {
    finite(x);
    if (this.#count < this.#length) {
      this.#count += 1;
      this.#mean += (x - this.#mean) / this.#count;
    } else {
      this.#mean += this.#k * (x - this.#mean);
      this.#seedWeight *= 1 - this.#k;
    }
  }

  get value(): number | undefined {
    return this.#count < this.#length ? undefined : this.#mean;
  }

  get seedWeight(): number {
    return this.#seedWeight;
  }

  snapshot(): Snapshot {
    return { ...this.#identity, count: this.#count, mean: this.#mean, seedWeight: this.#seedWeight };
  }

  restore(snapshot: unknown): void {
    const read = new SnapshotReader(snapshot, this.#identity);
    const [count, mean, seedWeight] = [
      read.count("count", this.#length),
      read.number("mean"),
      read.number("seedWeight"),
    ];
    this.#count = count;
    this.#mean = mean;
    this.#seedWeight = seedWeight;
  }
}

/** Exponential moving average, k = 2/(length + 1), with TA-Lib's classic seed (the SMA of the first `length`). */
export class Ema extends Smoothed {
  constructor(length: number) {
    super("ema", length, 2 / (length + 1));
  }
}

/** Wilder's smoothing (1978): a ← (a(n − 1) + x)/n, that is k = 1/n, with the same seed. */
export class Wilder extends Smoothed {
  constructor(length: number) {
    super("wilder", length, 1 / length);
  }
}
