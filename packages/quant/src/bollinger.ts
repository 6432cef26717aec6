import { positive } from "./checks.ts";
import { type Moments, populationSd } from "./moments.ts";
import { Windowed } from "./windowed.ts";

export type BollingerBands = {
  readonly upper: number;
  readonly middle: number;
  readonly lower: number;
  /** Population standard deviation of the window, always positive. */
  readonly sd: number;
};

/**
 * Bollinger bands: mean ± width standard deviations of the last `length` closes, by the *population* deviation (÷ n)
 * as Bollinger and TA-Lib have it. Undefined on a flat window, where no distance can be measured in deviations.
 */
export class Bollinger extends Windowed<BollingerBands> {
  readonly #width: number;

  constructor({ length = 20, width = 2 }: { length?: number; width?: number } = {}) {
    super("bollinger", length);
    this.#width = positive(width, "width", "BAD_PARAMETER");
  }

  protected from(moments: Moments): BollingerBands | undefined {
    const sd = populationSd(moments);
    if (sd === undefined) return undefined;
    const reach = this.#width * sd;
    return { upper: moments.mean + reach, middle: moments.mean, lower: moments.mean - reach, sd };
  }
}
