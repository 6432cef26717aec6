/** How one symbol moves with the hedge. Returns are paired bar by bar, where both have closed one at the same time. */
import { correlationLowerBound, HedgeRatio } from "@countersign/quant";

export interface Beta {
  /** Minimum-variance hedge ratio on returns (Ederington 1979): the slope of the symbol's on the hedge's. */
  readonly beta: number;
  /** Lower 95 % bound of ρ², by Fisher's z: the share of the variance that the hedge removes for certain. */
  readonly effectiveness: number;
  /** Believed from `effectivenessMin` on, until it falls below half of it: an estimate at the border shall not buy and sell the hedge. */
  readonly isBelieved: boolean;
}

/** The closes of both at one time. */
export interface Closes {
  readonly symbol: number;
  readonly hedge: number;
}

export interface RegressionOptions {
  readonly window: number;
  readonly effectivenessMin: number;
}

export class Regression {
  readonly #options: RegressionOptions;
  readonly #ratio: HedgeRatio;
  #closes: Closes | undefined;
  #isBelieved = false;

  constructor(options: RegressionOptions) {
    this.#options = options;
    this.#ratio = new HedgeRatio({ length: options.window });
  }

  /** Undefined while too few pairs were seen. */
  get value(): Beta | undefined {
    const hedge = this.#ratio.value;
    if (hedge === undefined) return undefined;
    // Of the magnitude: what moves the other way hedges as well.
    const lower = correlationLowerBound({ ...hedge, correlation: Math.abs(hedge.correlation) }, 0.95);
    if (lower === undefined) return undefined;
    const sure = Math.max(0, lower);
    return { beta: hedge.ratio, effectiveness: sure * sure, isBelieved: this.#isBelieved };
  }

  update(closes: Closes): void {
    const before = this.#closes;
    this.#closes = closes;
    if (before === undefined) return;
    this.#ratio.update({ spot: closes.symbol / before.symbol - 1, hedge: closes.hedge / before.hedge - 1 });
    const { effectivenessMin } = this.#options;
    const enough = this.#isBelieved ? effectivenessMin / 2 : effectivenessMin;
    this.#isBelieved = (this.value?.effectiveness ?? 0) >= enough && this.value !== undefined;
  }

  snapshot(): RegressionSnapshot {
    return { ratio: this.#ratio.snapshot(), closes: this.#closes ?? null, isBelieved: this.#isBelieved };
  }

  restore({ ratio, closes, isBelieved }: RegressionSnapshot): void {
    this.#ratio.restore(ratio);
    this.#closes = closes ?? undefined;
    this.#isBelieved = isBelieved;
  }
}

export interface RegressionSnapshot {
  readonly ratio: unknown;
  readonly closes: Closes | null;
  readonly isBelieved: boolean;
}
