import { countOf } from "./checks.ts";
import type { Restorable } from "./estimator.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

/** How one row becomes an aggregate, and how the aggregates of two neighbouring stretches become one. */
export type Aggregation<A> = { readonly width: number; of(row: readonly number[]): A; merge(older: A, newer: A): A };

/**
 * The aggregate of the last `length` rows in constant amortised time, by two stacks ("two-stack queue"; Tangwongsan,
 * Hirzel & Schneider 2017). Nothing is ever subtracted, so no rounding error stays behind when an outlier leaves:
 * a window that has become flat has a variance of exactly zero, which add-and-subtract windows never reach again.
 */
export class SlidingWindow<A> implements Restorable {
  readonly length: number;
  readonly #aggregation: Aggregation<A>;
  /** Oldest rows, the oldest on top; each with the aggregate of itself and the newer ones below it. */
  #front: { row: readonly number[]; aggregate: A }[] = [];
  /** Newer rows, in order of arrival, and their aggregate. */
  #back: (readonly number[])[] = [];
  #backAggregate: A | undefined;

  constructor(length: number, aggregation: Aggregation<A>) {
    this.length = countOf(length, "length");
    this.#aggregation = aggregation;
  }

  get count(): number {
    return this.#front.length + this.#back.length;
  }

  push(row: readonly number[]): void {
    if (this.count === this.length) this.#evict();
    this.#append(row);
  }

  /** The aggregate of the rows in the window, also while it fills; undefined when empty. */
  get aggregate(): A | undefined {
    const older = this.#front.at(-1)?.aggregate;
    const newer = this.#backAggregate;
    if (older === undefined) return newer;
    return newer === undefined ? older : this.#aggregation.merge(older, newer);
  }

  /** The aggregate once the window is full. */
  get full(): A | undefined {
    return this.count === this.length ? this.aggregate : undefined;
  }

  /** Rows alone: the aggregates are made again, in the same order and therefore with the same rounding. */
  snapshot(): Snapshot {
    return {
      kind: "window",
      length: this.length,
      front: this.#front.map((entry) => entry.row).reverse(),
      back: [...this.#back],
    };
  }

  restore(snapshot: unknown): void {
    const read = new SnapshotReader(snapshot, { kind: "window", length: this.length });
    const { width } = this.#aggregation;
    const front = read.rows("front", width, this.length);
    const back = read.rows("back", width, this.length - front.length);
    this.#stack(front);
    this.#back = [];
    this.#backAggregate = undefined;
    for (const row of back) this.#append(row);
  }

  #evict(): void {
    if (this.#front.length === 0) {
      this.#stack(this.#back);
      this.#back = [];
      this.#backAggregate = undefined;
    }
    this.#front.pop();
  }

  #append(row: readonly number[]): void {
    const one = this.#aggregation.of(row);
    this.#back.push(row);
    this.#backAggregate = this.#backAggregate === undefined ? one : this.#aggregation.merge(this.#backAggregate, one);
  }

  #stack(rows: readonly (readonly number[])[]): void {
    this.#front = [];
    let aggregate: A | undefined;
    for (const row of rows.toReversed()) {
      const one = this.#aggregation.of(row);
      aggregate = aggregate === undefined ? one : this.#aggregation.merge(one, aggregate);
      this.#front.push({ row, aggregate });
    }
  }
}
