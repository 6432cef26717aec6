import { finite } from "./checks.ts";
import { QuantError } from "./error.ts";
import type { Restorable } from "./estimator.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

/**
 * Count, mean and sum of squared deviations. Two of them merge without subtracting large numbers (Chan, Golub &
 * LeVeque 1983); merging one observation is Welford's update (1962). Σx² − n·mean² is never formed: on data like
 * 1000000.2 ± 0.1 it loses every digit. Equal observations give a deviation sum of exactly 0.
 */
export type Moments = { readonly count: number; readonly mean: number; readonly squares: number };

export function momentsOf(x: number): Moments {
  return { count: 1, mean: x, squares: 0 };
}

export function mergeMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  const delta = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (delta * b.count) / count,
    squares: a.squares + b.squares + delta * delta * ((a.count * b.count) / count),
  };
}

/** Standard deviation with n − 1; undefined without two observations or without variance. */
export function sampleSd(moments: Moments | undefined): number | undefined {
  return moments === undefined || moments.count < 2 ? undefined : root(moments.squares / (moments.count - 1));
}

/** Standard deviation with n; undefined without variance. */
export function populationSd(moments: Moments | undefined): number | undefined {
  return moments === undefined ? undefined : root(moments.squares / moments.count);
}

function root(variance: number): number | undefined {
  return variance > 0 ? Math.sqrt(variance) : undefined;
}

/** The moments of everything seen so far. */
export class RunningMoments implements Restorable {
  #moments: Moments | undefined;

  update(x: number): void {
    const one = momentsOf(finite(x));
    this.#moments = this.#moments === undefined ? one : mergeMoments(this.#moments, one);
  }

  get value(): Moments | undefined {
    return this.#moments;
  }

  snapshot(): Snapshot {
    return this.#moments === undefined
      ? { kind: "moments", count: 0, mean: 0, squares: 0 }
      : { kind: "moments", ...this.#moments };
  }

  restore(snapshot: unknown): void {
    const read = new SnapshotReader(snapshot, { kind: "moments" });
    const moments = { count: read.count("count"), mean: read.number("mean"), squares: read.number("squares") };
    if (moments.squares < 0)
      throw new QuantError("BAD_SNAPSHOT", "snapshot field squares: expected no negative number");
    this.#moments = moments.count === 0 ? undefined : moments;
  }
}
