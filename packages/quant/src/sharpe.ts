import { finite, positive } from "./checks.ts";
import { exp, ln } from "./elementary.ts";
import type { Estimator } from "./estimator.ts";
import { RunningMoments, sampleSd } from "./moments.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

export type SharpeOptions = { readonly periodsPerYear: number; readonly riskFreePerYear?: number };

/**
 * Annualised Sharpe ratio of all simple period returns seen: mean(excess)/sd(n − 1)·√P, the risk-free rate taken per
 * period as (1 + rf)^(1/P) − 1. √P holds for independent returns alone (Lo 2002). Undefined without variance.
 */
export class Sharpe implements Estimator<number> {
  readonly #riskFree: number;
  readonly #scale: number;
  readonly #excess = new RunningMoments();

  constructor({ periodsPerYear, riskFreePerYear = 0 }: SharpeOptions) {
    this.#scale = Math.sqrt(positive(periodsPerYear, "periodsPerYear", "BAD_PARAMETER"));
    this.#riskFree =
      exp(ln(positive(1 + riskFreePerYear, "1 + riskFreePerYear", "BAD_PARAMETER")) / periodsPerYear) - 1;
  }

  update(periodReturn: number): void {
    this.#excess.update(finite(periodReturn, "periodReturn") - this.#riskFree);
  }

  get value(): number | undefined {
    const moments = this.#excess.value;
    const sd = sampleSd(moments);
    return moments === undefined || sd === undefined ? undefined : (moments.mean / sd) * this.#scale;
  }

  snapshot(): Snapshot {
    return { kind: "sharpe", riskFree: this.#riskFree, excess: this.#excess.snapshot() };
  }

  restore(snapshot: unknown): void {
    const identity = { kind: "sharpe", riskFree: this.#riskFree };
    this.#excess.restore(new SnapshotReader(snapshot, identity).part("excess"));
  }
}
