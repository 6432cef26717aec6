import { finite, positive, probability } from "./checks.ts";
import { QuantError } from "./error.ts";
import type { Estimator } from "./estimator.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

export type EwmaVolatilityOptions = {
  /** Weight of the past, RiskMetrics' .94 for daily returns. */
  readonly lambda?: number;
  /** Variance before the first return; without it the first squared return is the seed. */
  readonly initialVariance?: number;
};

/**
 * EWMA volatility per period (not annualised), σ² ← λσ² + (1 − λ)r², zero mean: RiskMetrics (1996). Fed with log
 * returns. Undefined before the first return and while σ² is 0.
 */
export class EwmaVolatility implements Estimator<number> {
  readonly #lambda: number;
  readonly #identity: Snapshot;
  #variance: number | undefined;

  constructor({ lambda = 0.94, initialVariance }: EwmaVolatilityOptions = {}) {
    this.#lambda = probability(lambda, "lambda");
    this.#identity = { kind: "ewma-volatility", lambda };
    if (initialVariance !== undefined) this.#variance = positive(initialVariance, "initialVariance", "BAD_PARAMETER");
  }

  update(logReturn: number): void {
    const square = finite(logReturn, "logReturn") * logReturn;
    this.#variance =
      this.#variance === undefined ? square : this.#lambda * this.#variance + (1 - this.#lambda) * square;
  }

  get value(): number | undefined {
    return this.#variance === undefined || this.#variance === 0 ? undefined : Math.sqrt(this.#variance);
  }

  snapshot(): Snapshot {
    return { ...this.#identity, variance: this.#variance ?? null };
  }

  restore(snapshot: unknown): void {
    const read = new SnapshotReader(snapshot, this.#identity);
    const variance = read.numberOrNothing("variance");
    if (variance !== undefined && variance < 0) throw new QuantError("BAD_SNAPSHOT", "variance is negative");
    this.#variance = variance;
  }
}
