import {
  Atr,
  Cell,
  checkBar,
  defineStrategy,
  formOpinion,
  normalCdf,
  type Opinion,
  RollingMax,
  RollingMin,
  restoreParts,
  snapshotParts,
  TrackRecord,
} from "@countersign/quant";

// Donchian's channel as the Turtles traded it (system 1): in on a new extreme of 20 bars, out on one of 10 against it.
const ENTRY = 20;
const EXIT = 10;
const ATR_LENGTH = 14;
const HORIZON_BARS = 10;
/** Silent until the seed of the ATR weighs less: 55 bars; what is left of it is taken off the confidence. */
const SEED_WEIGHT = 0.05;
/** A bar's range is wider than its deviation: E[range] = √(8/π)·σ for a Brownian path (Feller 1951). */
const RANGE_PER_SIGMA = Math.sqrt(8 / Math.PI);

export default defineStrategy({
  name: "breakout",
  weight: 1,
  create(symbol) {
    const high = new RollingMax(ENTRY);
    const low = new RollingMin(ENTRY);
    const exitHigh = new RollingMax(EXIT);
    const exitLow = new RollingMin(EXIT);
    const atr = new Atr(ATR_LENGTH);
    const record = new TrackRecord({ horizonBars: HORIZON_BARS });
    const side = new Cell(0);
    const parts = { high, low, exitHigh, exitLow, atr, record, side };

    return {
      onBar(bar): Opinion | undefined {
        checkBar(bar, symbol);
        // The channel of the bars *before* this one: a bar cannot break out of itself.
        const channel = { high: high.value, low: low.value, exitHigh: exitHigh.value, exitLow: exitLow.value };
        for (const part of [high, exitHigh]) part.update(bar.high);
        for (const part of [low, exitLow]) part.update(bar.low);
        atr.update(bar);
        record.update(bar.close);
        const range = atr.value;
        if (!isComplete(channel) || range === undefined || atr.seedWeight > SEED_WEIGHT) return undefined;

        const next = nextSide(side.value, bar.close, channel);
        if (next === side.value) return undefined;
        side.value = next;

        // The model's claim is one average range further, the move that makes a breakout worth its noise.
        const oneRange = range / bar.close;
        const right = normalCdf(RANGE_PER_SIGMA / Math.sqrt(HORIZON_BARS));
        return formOpinion(record, {
          bar,
          direction: next,
          model: { expectedReturn: oneRange, confidence: right },
          seedWeight: atr.seedWeight,
          features: { close: bar.close, ...channel, atr: range },
          because: sentence(next),
        });
      },
      snapshot: () => snapshotParts(parts),
      restore: (snapshot) => restoreParts(parts, snapshot),
    };
  },
});

type Channel = { high: number; low: number; exitHigh: number; exitLow: number };

function isComplete(channel: { [name in keyof Channel]: number | undefined }): channel is Channel {
  return Object.values(channel).every((level) => level !== undefined);
}

function nextSide(current: number, close: number, { high, low, exitHigh, exitLow }: Channel): number {
  if (close > high) return 1;
  if (close < low) return -1;
  const over = current > 0 ? close < exitLow : close > exitHigh;
  return over ? 0 : current;
}

function sentence(side: number): string {
  if (side === 0) return `The price has made a new extreme of ${EXIT} bars against the breakout: it has failed.`;
  return `The price has closed ${side > 0 ? "above the highest high" : "below the lowest low"} of the ${ENTRY} bars before.`;
}
