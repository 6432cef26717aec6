import { countOf, positive } from "./checks.ts";
import { type Moments, sampleSd } from "./moments.ts";
import { Windowed } from "./windowed.ts";

export type RealisedVolatilityOptions = {
  /** Returns in the window. */
  readonly length: number;
  /** What the year has of the returns' period: 252 equity days, 365 crypto days, 365·24 crypto hours; 1 = not annualised. */
  readonly periodsPerYear: number;
  /** `sample`: deviation from the mean, n − 1. `zero`: root mean square; steadier when the mean is only noise. */
  readonly mean: "sample" | "zero";
};

/** Realised volatility of log returns, times √periodsPerYear. Undefined while filling and when nothing moved. */
export class RealisedVolatility extends Windowed {
  readonly #scale: number;
  readonly #mean: "sample" | "zero";

  constructor({ length, periodsPerYear, mean }: RealisedVolatilityOptions) {
    super(`realised-volatility-${mean}`, countOf(length, "length", mean === "sample" ? 2 : 1));
    this.#scale = Math.sqrt(positive(periodsPerYear, "periodsPerYear", "BAD_PARAMETER"));
    this.#mean = mean;
  }

  protected from(moments: Moments): number | undefined {
    const sd = this.#mean === "sample" ? sampleSd(moments) : rootMeanSquare(moments);
    return sd === undefined ? undefined : sd * this.#scale;
  }
}

/** Σx²/n = squares/n + mean²: two non-negative terms, so nothing cancels. */
function rootMeanSquare({ count, mean, squares }: Moments): number | undefined {
  const square = squares / count + mean * mean;
  return square > 0 ? Math.sqrt(square) : undefined;
}
