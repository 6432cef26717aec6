import {
  Bollinger,
  Cell,
  checkBar,
  defineStrategy,
  formOpinion,
  LogReturn,
  normalCdf,
  type Opinion,
  RealisedVolatility,
  Rsi,
  restoreParts,
  snapshotParts,
  TrackRecord,
} from "@countersign/quant";

// The customary settings of both indicators. Together they ask for a far close (band) after one-sided moves (RSI).
const BAND = { length: 20, width: 2 };
const RSI_LENGTH = 14;
const OVERSOLD = 30;
const OVERBOUGHT = 70;
const HORIZON_BARS = 10;
/** Silent until the seed of Wilder's averages weighs less: 55 bars; what is left of it is taken off the confidence. */
const SEED_WEIGHT = 0.05;

export default defineStrategy({
  name: "mean-reversion",
  weight: 1,
  create(symbol) {
    const bands = new Bollinger(BAND);
    const rsi = new Rsi(RSI_LENGTH);
    const logReturn = new LogReturn();
    const volatility = new RealisedVolatility({ length: BAND.length, periodsPerYear: 1, mean: "zero" });
    const record = new TrackRecord({ horizonBars: HORIZON_BARS });
    const side = new Cell(0);
    const age = new Cell(0);
    const parts = { bands, rsi, logReturn, volatility, record, side, age };

    return {
      onBar(bar): Opinion | undefined {
        checkBar(bar, symbol);
        for (const part of [bands, rsi, logReturn, record]) part.update(bar.close);
        if (logReturn.value !== undefined) volatility.update(logReturn.value);
        const [band, strength, sigma] = [bands.value, rsi.value, volatility.value];
        if (band === undefined || strength === undefined || sigma === undefined) return undefined;
        if (rsi.seedWeight > SEED_WEIGHT) return undefined;

        const z = (bar.close - band.middle) / band.sd;
        age.value += 1;
        const next = nextSide(side.value, age.value, z, strength);
        if (next === side.value) return undefined;
        const because = sentence(side.value, next, z, strength);
        side.value = next;
        age.value = 0;

        // The model's claim is half the way back, since the middle comes towards the price as well.
        const halfWay = Math.abs(band.middle / bar.close - 1) / 2;
        const right = normalCdf(halfWay / (sigma * Math.sqrt(HORIZON_BARS)));
        return formOpinion(record, {
          bar,
          // Two deviations are half strength, four or more full strength.
          direction: next * Math.min(1, Math.abs(z) / 4),
          model: { expectedReturn: halfWay, confidence: right },
          seedWeight: rsi.seedWeight,
          features: { close: bar.close, middle: band.middle, sd: band.sd, z, rsi: strength, sigma },
          because,
        });
      },
      snapshot: () => snapshotParts(parts),
      restore: (snapshot) => restoreParts(parts, snapshot),
    };
  },
});

/** In where band and RSI agree; out at the middle, or when the horizon has passed: a fall that goes on is no deviation. */
function nextSide(current: number, age: number, z: number, rsi: number): number {
  if (z <= -BAND.width && rsi < OVERSOLD && current <= 0) return 1;
  if (z >= BAND.width && rsi > OVERBOUGHT && current >= 0) return -1;
  return current * z < 0 && age < HORIZON_BARS ? current : 0;
}

function sentence(current: number, next: number, z: number, rsi: number): string {
  if (next !== 0) return `The price is ${z.toFixed(1)} deviations from its mean and the RSI is ${rsi.toFixed(0)}.`;
  if (current * z < 0) return `The price has not come back to its mean within ${HORIZON_BARS} bars.`;
  return `The price is back at its mean of ${BAND.length} bars: there is nothing left to revert.`;
}
