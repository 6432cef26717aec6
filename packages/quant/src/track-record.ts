import { countOf, finite, positive } from "./checks.ts";
import { QuantError } from "./error.ts";
import type { Restorable } from "./estimator.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

/** What is expected of one call: the return in its direction at the horizon, and the probability that it is positive. */
export type Claim = { readonly expectedReturn: number; readonly confidence: number };

export type TrackRecordOptions = {
  /** After how many bars a call is judged. */
  readonly horizonBars: number;
  /** How many judged calls weigh as much as what the model claims. */
  readonly priorWeight?: number;
};

/**
 * Holds a strategy to its word. Each call is judged `horizonBars` later by the return in its direction; what the
 * model claims for the next call counts as `priorWeight` observations beside those judged (the posterior mean of a
 * Beta for the confidence and of a normal mean for the return). A model that is wrong on this symbol talks itself
 * down to coin flips and to no expected return, whatever its formula says. Costs are not in it: they are the order's.
 */
export class TrackRecord implements Restorable {
  readonly horizonBars: number;
  readonly #priorWeight: number;
  #bars = 0;
  #judged = 0;
  #right = 0;
  #meanReturn = 0;
  /** Calls not yet judged, oldest first: bar of judgement, side, price at the call. */
  #open: number[][] = [];

  constructor({ horizonBars, priorWeight = 20 }: TrackRecordOptions) {
    this.horizonBars = countOf(horizonBars, "horizonBars");
    this.#priorWeight = positive(priorWeight, "priorWeight", "BAD_PARAMETER");
  }

  get judged(): number {
    return this.#judged;
  }

  /** Every bar, before the call of that bar. */
  update(close: number): void {
    positive(close, "close");
    this.#bars += 1;
    while (this.#open.length > 0 && this.#open[0]![0]! <= this.#bars) {
      const [, side, price] = this.#open.shift()!;
      const earned = side! * (close / price! - 1);
      this.#judged += 1;
      if (earned > 0) this.#right += 1;
      this.#meanReturn += (earned - this.#meanReturn) / this.#judged;
    }
  }

  /** Notes a call to this side (its sign alone counts) at this price. */
  call(side: number, price: number): void {
    if (finite(side, "side") === 0) throw new QuantError("BAD_INPUT", "a call takes a side");
    this.#open.push([this.#bars + this.horizonBars, Math.sign(side), positive(price, "price")]);
  }

  /** The claim after what has been seen of earlier ones. `expectedReturn` is never negative. */
  temper(model: Claim): Claim {
    if (!(model.confidence >= 0 && model.confidence <= 1)) {
      throw new QuantError("BAD_INPUT", `confidence must lie between 0 and 1: ${model.confidence}`);
    }
    const [n, total] = [this.#priorWeight, this.#priorWeight + this.#judged];
    const expectedReturn = (n * finite(model.expectedReturn) + this.#judged * this.#meanReturn) / total;
    return {
      expectedReturn: Math.max(0, expectedReturn),
      confidence: (n * model.confidence + this.#right) / total,
    };
  }

  snapshot(): Snapshot {
    return {
      kind: "track-record",
      horizonBars: this.horizonBars,
      bars: this.#bars,
      judged: this.#judged,
      right: this.#right,
      meanReturn: this.#meanReturn,
      open: [...this.#open],
    };
  }

  restore(snapshot: unknown): void {
    const read = new SnapshotReader(snapshot, { kind: "track-record", horizonBars: this.horizonBars });
    const [bars, judged] = [read.count("bars"), read.count("judged")];
    const [right, meanReturn, open] = [read.count("right", judged), read.number("meanReturn"), read.rows("open", 3)];
    this.#bars = bars;
    this.#judged = judged;
    this.#right = right;
    this.#meanReturn = meanReturn;
    this.#open = open;
  }
}
