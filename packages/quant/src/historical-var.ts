import { countOf, finite, probability } from "./checks.ts";
import { QuantError } from "./error.ts";
import type { Estimator } from "./estimator.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

/** A positive number is a loss. `es` is never below `var`. */
export type TailRisk = { readonly var: number; readonly es: number };

/**
 * Which order statistic is the quantile, by R's names (Hyndman & Fan 1996). `R1`: the ⌈n·c⌉-th smallest loss, an
 * observation, so the number of breaches is exact. `R7`: interpolated at 1 + (n − 1)c, the default of R and NumPy.
 */
export type QuantileConvention = "R1" | "R7";

export type HistoricalVarOptions = {
  /** Returns in the window; at least 1/(1 − confidence), or the tail would hold not one observation. */
  readonly length: number;
  readonly confidence: number;
  readonly convention: QuantileConvention;
};

/**
 * Historical VaR and expected shortfall over the last `length` returns, for one period. ES is the exact tail mean of
 * Acerbi & Tasche (2002), which counts the loss at the quantile by the part that lies in the tail.
 * O(log n) to find a place, plus moving at most `length` numbers.
 */
export class HistoricalVar implements Estimator<number, TailRisk> {
  readonly #length: number;
  readonly #confidence: number;
  readonly #convention: QuantileConvention;
  readonly #identity: Snapshot;
  #arrived: number[] = [];
  #sorted: number[] = [];

  constructor({ length, confidence, convention }: HistoricalVarOptions) {
    this.#length = countOf(length, "length");
    this.#confidence = probability(confidence, "confidence");
    this.#convention = convention;
    this.#identity = { kind: "historical-var", length };
    if (snap(length * (1 - confidence)) < 1) {
      throw new QuantError("BAD_PARAMETER", `${length} returns do not reach into the tail beyond ${confidence}`);
    }
  }

  update(periodReturn: number): void {
    const loss = -finite(periodReturn, "periodReturn") + 0;
    if (this.#arrived.length === this.#length) {
      this.#sorted.splice(placeOf(this.#sorted, this.#arrived.shift()!), 1);
    }
    this.#arrived.push(loss);
    this.#sorted.splice(placeOf(this.#sorted, loss), 0, loss);
  }

  get value(): TailRisk | undefined {
    if (this.#sorted.length < this.#length) return undefined;
    const quantile = this.#convention === "R1" ? quantileR1 : quantileR7;
    return { var: quantile(this.#sorted, this.#confidence), es: tailMean(this.#sorted, this.#confidence) };
  }

  snapshot(): Snapshot {
    return { ...this.#identity, losses: this.#arrived.map((loss) => [loss]) };
  }

  restore(snapshot: unknown): void {
    const rows = new SnapshotReader(snapshot, this.#identity).rows("losses", 1, this.#length);
    this.#arrived = rows.map((row) => row[0]!);
    this.#sorted = this.#arrived.toSorted((a, b) => a - b);
  }
}

function quantileR1(sorted: readonly number[], confidence: number): number {
  return sorted[Math.ceil(snap(sorted.length * confidence)) - 1]!;
}

function quantileR7(sorted: readonly number[], confidence: number): number {
  const place = snap((sorted.length - 1) * confidence);
  const below = Math.floor(place);
  const low = sorted[below]!;
  return low + (place - below) * ((sorted[below + 1] ?? low) - low);
}

function tailMean(sorted: readonly number[], confidence: number): number {
  const mass = snap(sorted.length * (1 - confidence));
  const whole = Math.floor(mass);
  let sum = 0;
  for (let i = sorted.length - whole; i < sorted.length; i += 1) sum += sorted[i]!;
  return (sum + (mass - whole) * (sorted[sorted.length - whole - 1] ?? 0)) / mass;
}

/** 100 · .07 is 7.000000000000001 in float64, but means seven; R snaps the same way. */
function snap(x: number): number {
  const nearest = Math.round(x);
  return Math.abs(x - nearest) < 1e-9 ? nearest : x;
}

/** The first index whose entry is not smaller. */
function placeOf(sorted: readonly number[], x: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}
