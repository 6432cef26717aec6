import { countOf, finite } from "./checks.ts";
import { QuantError } from "./error.ts";
import type { Estimator } from "./estimator.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

/**
 * Extreme of the last `length` observations by a monotonic deque, constant amortised time: an observation that is
 * not better than a newer one can never be the extreme again and is dropped at once.
 */
class RollingExtreme implements Estimator<number> {
  readonly #length: number;
  readonly #sign: 1 | -1;
  readonly #identity: Snapshot;
  #count = 0;
  /** Index and value, oldest first; values strictly falling (by sign), so the first is the extreme. */
  #candidates: number[][] = [];

  constructor(kind: string, length: number, sign: 1 | -1) {
    this.#length = countOf(length, "length");
    this.#sign = sign;
    this.#identity = { kind, length };
  }

  update(x: number): void {
    const value = finite(x);
    while (this.#candidates.length > 0 && this.#sign * this.#candidates.at(-1)![1]! <= this.#sign * value) {
      this.#candidates.pop();
    }
    this.#candidates.push([this.#count, value]);
    this.#count += 1;
    if (this.#candidates[0]![0]! < this.#count - this.#length) this.#candidates.shift();
  }

  get value(): number | undefined {
    return this.#count < this.#length ? undefined : this.#candidates[0]![1];
  }

  snapshot(): Snapshot {
    return { ...this.#identity, count: this.#count, candidates: [...this.#candidates] };
  }

  restore(snapshot: unknown): void {
    const read = new SnapshotReader(snapshot, this.#identity);
    const [count, candidates] = [read.count("count"), read.rows("candidates", 2, this.#length)];
    if ((candidates.length === 0) !== (count === 0))
      throw new QuantError("BAD_SNAPSHOT", "candidates do not fit count");
    this.#count = count;
    this.#candidates = candidates;
  }
}

/** Highest of the last `length` observations, the newest among them; first value at index length − 1. */
export class RollingMax extends RollingExtreme {
  constructor(length: number) {
    super("rolling-max", length, 1);
  }
}

/** Lowest of the last `length` observations, the newest among them; first value at index length − 1. */
export class RollingMin extends RollingExtreme {
  constructor(length: number) {
    super("rolling-min", length, -1);
  }
}
