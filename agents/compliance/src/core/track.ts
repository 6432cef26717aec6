/**
 * Statistics of the equity, in float64: an index that starts at 1 and moves with equity, less what was deposited meanwhile, so that a
 * deposit is no gain. Drawdown is taken at every point, the Sharpe ratio over whole periods.
 */
import { type Money, toNumber } from "@countersign/orders";
import { MaxDrawdown, Sharpe, type Snapshot } from "@countersign/quant";

export interface Track {
  /** At the last point; undefined before the first. */
  readonly equity: number | undefined;
  /** Deposited since. */
  readonly flow: number;
  readonly index: number;
  /** The index at the end of the last period; undefined before the first equity. */
  readonly periodIndex: number | undefined;
  readonly periods: number;
  /** Periods that ended with an open position. */
  readonly periodsInMarket: number;
  /** Σ of the equities at their ends. */
  readonly equitySum: number;
  readonly sharpe: Snapshot | undefined;
  readonly drawdown: Snapshot | undefined;
  /** Equity was not positive: a return cannot be said any more. */
  readonly ruined: boolean;
}

export const emptyTrack: Track = {
  equity: undefined,
  flow: 0,
  index: 1,
  periodIndex: undefined,
  periods: 0,
  periodsInMarket: 0,
  equitySum: 0,
  sharpe: undefined,
  drawdown: undefined,
  ruined: false,
};

export function trackFlow(track: Track, deposit: Money): Track {
  return { ...track, flow: track.flow + toNumber(deposit) };
}

export function trackEquity(track: Track, now: Money): Track {
  const equity = toNumber(now);
  const before = track.equity;
  if (track.ruined || equity <= 0 || (before !== undefined && equity <= track.flow)) return { ...track, ruined: true };
  if (before === undefined) return { ...track, equity, flow: 0, periodIndex: track.index };
  const index = track.index * ((equity - track.flow) / before);
  const estimator = drawdownOf(track);
  estimator.update(index);
  return { ...track, equity, flow: 0, index, drawdown: estimator.snapshot() };
}

export function trackPeriod(track: Track, inMarket: boolean, perYear: number): Track {
  const { equity, index, periodIndex } = track;
  if (track.ruined || equity === undefined || periodIndex === undefined) return track;
  const estimator = sharpeOf(track, perYear);
  estimator.update(index / periodIndex - 1);
  return {
    ...track,
    periodIndex: index,
    periods: track.periods + 1,
    periodsInMarket: track.periodsInMarket + (inMarket ? 1 : 0),
    equitySum: track.equitySum + equity,
    sharpe: estimator.snapshot(),
  };
}

/** Annualised, of whole periods; undefined for fewer than two, or when they are all alike. */
export function sharpeRatio(track: Track, perYear: number): number | undefined {
  return track.ruined ? undefined : sharpeOf(track, perYear).value;
}

/** A non-positive fraction of the highest point before it. */
export function maxDrawdown(track: Track): number | undefined {
  return track.ruined ? undefined : drawdownOf(track).value;
}

function sharpeOf({ sharpe }: Track, perYear: number): Sharpe {
  const estimator = new Sharpe({ periodsPerYear: perYear });
  if (sharpe !== undefined) estimator.restore(sharpe);
  return estimator;
}

function drawdownOf({ drawdown }: Track): MaxDrawdown {
  const estimator = new MaxDrawdown({ startingEquity: 1 });
  if (drawdown !== undefined) estimator.restore(drawdown);
  return estimator;
}
