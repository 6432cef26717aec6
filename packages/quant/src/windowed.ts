import { finite } from "./checks.ts";
import type { Estimator } from "./estimator.ts";
import { type Moments, mergeMoments, momentsOf } from "./moments.ts";
import { type Aggregation, SlidingWindow } from "./sliding-window.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

const MOMENTS: Aggregation<Moments> = { width: 1, of: (row) => momentsOf(row[0]!), merge: mergeMoments };

/** What the estimators over the moments of a window share: each says how its value follows from them. */
export abstract class Windowed<Output = number> implements Estimator<number, Output> {
  readonly #kind: string;
  readonly #window: SlidingWindow<Moments>;

  constructor(kind: string, length: number) {
    this.#kind = kind;
    this.#window = new SlidingWindow(length, MOMENTS);
  }

  protected abstract from(moments: Moments): Output | undefined;

  update(x: number): void {
    this.#window.push([finite(x)]);
  }

  get value(): Output | undefined {
    const moments = this.#window.full;
    return moments === undefined ? undefined : this.from(moments);
  }

  snapshot(): Snapshot {
    return { kind: this.#kind, window: this.#window.snapshot() };
  }

  restore(snapshot: unknown): void {
    this.#window.restore(new SnapshotReader(snapshot, { kind: this.#kind }).part("window"));
  }
}
