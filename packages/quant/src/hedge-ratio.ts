import { countOf, finite, probability } from "./checks.ts";
import { type CoMoments, coMomentsOf, mergeCoMoments } from "./co-moments.ts";
import { exp, ln } from "./elementary.ts";
import { QuantError } from "./error.ts";
import type { Estimator } from "./estimator.ts";
import { normalQuantile } from "./normal.ts";
import { type Aggregation, SlidingWindow } from "./sliding-window.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

/** Changes over the same period of what is held and of what hedges it. */
export type ChangePair = { readonly spot: number; readonly hedge: number };

export type Hedge = {
  /** h* = ρσ_S/σ_F, the slope of spot on hedge: units of the hedge to sell per unit held. */
  readonly ratio: number;
  readonly correlation: number;
  /** ρ²: the share of the variance that the hedge removes. */
  readonly rhoSquared: number;
  /** Sample deviations (n − 1) of the changes. */
  readonly sigmaSpot: number;
  readonly sigmaHedge: number;
  readonly count: number;
};

/**
 * Minimum-variance hedge ratio (Ederington 1979; Hull, ch. 3). Fed with *price* changes the ratio is in units; fed with
 * *returns* it is the beta, to be multiplied by the ratio of values. Over everything seen, or with `length` over the
 * last so many pairs. Undefined below three pairs (two always lie on a line) and when either side did not move.
 */
export class HedgeRatio implements Estimator<ChangePair, Hedge> {
  readonly #window: SlidingWindow<CoMoments> | undefined;
  #all: CoMoments | undefined;

  constructor({ length }: { length?: number } = {}) {
    if (length !== undefined) this.#window = new SlidingWindow(countOf(length, "length", 3), PAIRS);
  }

  update({ spot, hedge }: ChangePair): void {
    const pair = [finite(hedge, "hedge"), finite(spot, "spot")];
    if (this.#window === undefined) {
      const one = PAIRS.of(pair);
      this.#all = this.#all === undefined ? one : mergeCoMoments(this.#all, one);
    } else {
      this.#window.push(pair);
    }
  }

  get value(): Hedge | undefined {
    return hedgeOf(this.#window === undefined ? this.#all : this.#window.full);
  }

  /** The beta of spot on hedge: the same slope, under the name it has when both are returns. */
  get beta(): number | undefined {
    return this.value?.ratio;
  }

  snapshot(): Snapshot {
    if (this.#window !== undefined) return { kind: "hedge-ratio", window: this.#window.snapshot() };
    return { kind: "hedge-ratio", window: null, ...(this.#all ?? NOTHING) };
  }

  restore(snapshot: unknown): void {
    const read = new SnapshotReader(snapshot, { kind: "hedge-ratio" });
    if (this.#window === undefined) this.#all = readCoMoments(read);
    else this.#window.restore(read.part("window"));
  }
}

/**
 * The correlation that the true one exceeds with this confidence, by Fisher's z: tanh(artanh ρ − z/√(n − 3)). A hedge
 * that looks good over few pairs may be luck; its square is the share of variance one may count on.
 */
export function correlationLowerBound(hedge: Hedge, confidence: number): number | undefined {
  const z = normalQuantile(probability(confidence, "confidence"));
  if (hedge.count <= 3) return undefined;
  if (Math.abs(hedge.correlation) === 1) return hedge.correlation;
  const fisher = ln((1 + hedge.correlation) / (1 - hedge.correlation)) / 2 - z / Math.sqrt(hedge.count - 3);
  return 1 - 2 / (exp(2 * fisher) + 1);
}

const PAIRS: Aggregation<CoMoments> = {
  width: 2,
  of: (row) => coMomentsOf(row[0]!, row[1]!),
  merge: mergeCoMoments,
};

const NOTHING: CoMoments = { count: 0, meanX: 0, meanY: 0, squaresX: 0, squaresY: 0, products: 0 };

function hedgeOf(pairs: CoMoments | undefined): Hedge | undefined {
  if (pairs === undefined || pairs.count < 3 || !(pairs.squaresX > 0) || !(pairs.squaresY > 0)) return undefined;
  // Rounding may carry a perfect correlation a last bit beyond one.
  const correlation = pairs.products / (Math.sqrt(pairs.squaresX) * Math.sqrt(pairs.squaresY));
  const bounded = Math.max(-1, Math.min(1, correlation));
  return {
    ratio: pairs.products / pairs.squaresX,
    correlation: bounded,
    rhoSquared: bounded * bounded,
    sigmaSpot: Math.sqrt(pairs.squaresY / (pairs.count - 1)),
    sigmaHedge: Math.sqrt(pairs.squaresX / (pairs.count - 1)),
    count: pairs.count,
  };
}

function readCoMoments(read: SnapshotReader): CoMoments | undefined {
  if (read.part("window") !== null) throw new QuantError("BAD_SNAPSHOT", "snapshot field window: expected none");
  const count = read.count("count");
  const pairs = {
    count,
    meanX: read.number("meanX"),
    meanY: read.number("meanY"),
    squaresX: read.number("squaresX"),
    squaresY: read.number("squaresY"),
    products: read.number("products"),
  };
  return count === 0 ? undefined : pairs;
}
