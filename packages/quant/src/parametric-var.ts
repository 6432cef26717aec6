import { countOf, probability } from "./checks.ts";
import type { TailRisk } from "./historical-var.ts";
import { type Moments, sampleSd } from "./moments.ts";
import { normalDensity, normalQuantile } from "./normal.ts";
import { Windowed } from "./windowed.ts";

/**
 * VaR and ES of a normal return with this mean and deviation, as positive losses in their unit:
 * VaR = −(μ + z_α σ), ES = −μ + σφ(z_α)/α, α = 1 − confidence. For h periods multiply μ by h and σ by √h, which
 * holds for independent returns alone.
 */
export function normalVar({ mean, sd, confidence }: { mean: number; sd: number; confidence: number }): TailRisk {
  const tail = 1 - probability(confidence, "confidence");
  const z = normalQuantile(confidence);
  return { var: z * sd - mean, es: (sd * normalDensity(z)) / tail - mean };
}

/** Parametric (normal) VaR and ES for one period, from mean and sample deviation of the last `length` returns. */
export class ParametricVar extends Windowed<TailRisk> {
  readonly #confidence: number;

  constructor({ length, confidence }: { length: number; confidence: number }) {
    super("parametric-var", countOf(length, "length", 2));
    this.#confidence = probability(confidence, "confidence");
  }

  protected from(moments: Moments): TailRisk | undefined {
    const sd = sampleSd(moments);
    return sd === undefined ? undefined : normalVar({ mean: moments.mean, sd, confidence: this.#confidence });
  }
}
