import {
  Cell,
  checkBar,
  defineStrategy,
  Ema,
  EwmaVolatility,
  formOpinion,
  LogReturn,
  normalCdf,
  type Opinion,
  restoreParts,
  snapshotParts,
  TrackRecord,
} from "@countersign/quant";

// MACD's pair of averages (Appel), the horizon no longer than the fast one: on one-minute bars trends of the hour, on
// daily bars of the month. A move shows as `z`, the gap between the averages in units of what chance alone makes of it.
const FAST = 12;
const SLOW = 26;
const HORIZON_BARS = 12;
/** Strength 1 and 2 begin at these |z|; strength 2 ends again below STRONG_ENDS, so that noise does not make it flicker. */
const WEAK = 1.5;
const STRONG = 2.5;
const STRONG_ENDS = 2;
/**
 * Silent until the seed of the slow average weighs less: 65 bars. The usual 3.5(n + 1) = 95 bars ask for .1 % of a seed
 * that is one price; ours is a mean of 26, and what is left of it is taken off the confidence.
 */
const SEED_WEIGHT = 0.05;

export default defineStrategy({
  name: "trend",
  weight: 1,
  create(symbol) {
    const fast = new Ema(FAST);
    const slow = new Ema(SLOW);
    const logReturn = new LogReturn();
    const volatility = new EwmaVolatility();
    const record = new TrackRecord({ horizonBars: HORIZON_BARS });
    const strength = new Cell(0);
    const parts = { fast, slow, logReturn, volatility, record, strength };

    return {
      onBar(bar): Opinion | undefined {
        checkBar(bar, symbol);
        for (const part of [fast, slow, logReturn, record]) part.update(bar.close);
        if (logReturn.value !== undefined) volatility.update(logReturn.value);
        const sigma = volatility.value;
        if (fast.value === undefined || slow.value === undefined || sigma === undefined) return undefined;
        if (slow.seedWeight > SEED_WEIGHT) return undefined;

        const gap = (fast.value - slow.value) / bar.close;
        const z = gap / (sigma * CHANCE);
        const next = nextStrength(strength.value, z);
        if (next === strength.value) return undefined;
        strength.value = next;

        // A line rising by s a bar pulls averages of n and m bars s(m − n)/2 apart; read backwards, the gap gives s.
        // Shrunk by 1 − 1/z² (James & Stein): a slope no larger than chance makes it is no slope.
        const slope = (2 * Math.abs(gap)) / (SLOW - FAST);
        const carriedOn = slope * HORIZON_BARS * Math.max(0, 1 - 1 / (z * z));
        const right = normalCdf(carriedOn / (sigma * Math.sqrt(HORIZON_BARS)));
        return formOpinion(record, {
          bar,
          direction: next / 2,
          model: { expectedReturn: carriedOn, confidence: right },
          seedWeight: slow.seedWeight,
          features: { close: bar.close, fast: fast.value, slow: slow.value, sigma, z },
          because:
            next === 0
              ? `The averages of ${FAST} and ${SLOW} bars have crossed: the trend that was followed is over.`
              : `The average of ${FAST} bars is ${z.toFixed(1)} deviations of chance from that of ${SLOW}.`,
        });
      },
      snapshot: () => snapshotParts(parts),
      restore: (snapshot) => restoreParts(parts, snapshot),
    };
  },
});

/** Up with |z|, down one step below STRONG_ENDS, and to nothing when the averages cross (z changes its sign). */
function nextStrength(current: number, z: number): number {
  const reached = Math.abs(z) >= STRONG ? 2 : Math.abs(z) >= WEAK ? 1 : 0;
  if (current * z <= 0) return reached === 0 ? 0 : Math.sign(z) * reached;
  const kept = Math.abs(current) === 2 && Math.abs(z) < STRONG_ENDS ? 1 : Math.abs(current);
  return Math.sign(z) * Math.max(kept, reached);
}

/**
 * Deviation of fast − slow for a price that is a driftless walk of unit steps: the gap is Σ(b^j − a^j)·step over the
 * past, j = 1, 2, …, with a and b what each average keeps a bar; the sum of the squared weights is three geometric series.
 */
const CHANCE = (() => {
  const [a, b] = [1 - 2 / (FAST + 1), 1 - 2 / (SLOW + 1)];
  const series = (q: number) => q / (1 - q);
  return Math.sqrt(series(b * b) + series(a * a) - 2 * series(a * b));
})();
