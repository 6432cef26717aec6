import type { Instrument } from "@countersign/orders";
import { exp, gaussian, Prng, uniform } from "@countersign/quant";
import { DecimalReader } from "./decimal.ts";
import { MarketError } from "./error.ts";
import type { MarketEvent, QuoteEvent } from "./events.ts";
import { type InstrumentUnits, unitsOf } from "./instrument-units.ts";
import { TimeBars } from "./time-bars.ts";

interface SimulatedSymbol {
  readonly symbol: string;
  /** The first mid, decimal text. */
  readonly price: string;
  /** Of a whole year: 0.16 is 16 %. */
  readonly annualVolatility: number;
}

export interface SimulationOptions {
  readonly seed: bigint;
  readonly startMs: number;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly symbols?: readonly SimulatedSymbol[];
  /** Quotes of each symbol: 20,000. */
  readonly quotesPerSymbol?: number;
  /** Between the returns of any two symbols, from 0 to 1: 0.6. */
  readonly correlation?: number;
}

const SIMULATED_SYMBOLS: readonly SimulatedSymbol[] = [
  { symbol: "EURUSD", price: "1.38700", annualVolatility: 0.08 },
  { symbol: "XAUUSD", price: "1284.000", annualVolatility: 0.16 },
];

/**
 * A day of 24 hours from a stated model and a seed: quotes of every symbol and their one-minute bars, in the order of time. The
 * same options give the same events on every machine.
 *
 * The day has one step a quote; within a step each symbol's quote stands at a random time. Log returns are normal without drift.
 * - Correlation: one common factor, z = √ρ f + √(1−ρ) e.
 * - Clusters: the variance follows GARCH(1,1), h' = 0.01 + 0.05 z²h + 0.94 h (Bollerslev 1986), around the day's mean of 1.
 * - Two jumps, at random steps between a tenth and nine tenths of the day, up or down by 1 to 2 daily standard deviations in
 *   every symbol at once; each lifts h to 16 (four times the volatility), which the GARCH brings down in minutes.
 * - The spread is the instrument's times max(1, √h); a displayed size is 0.5 to 1.5 times the instrument's.
 */
export function* simulateDay(options: SimulationOptions): Generator<MarketEvent, void, void> {
  const { seed, startMs, symbols = SIMULATED_SYMBOLS, quotesPerSymbol = 20_000, correlation = 0.6 } = options;
  if (!Number.isInteger(quotesPerSymbol) || quotesPerSymbol < 1 || !(correlation >= 0 && correlation <= 1)) {
    throw refuse(
      `${quotesPerSymbol} quotes a symbol at correlation ${correlation}`,
      "At least 1 quote, correlation 0 to 1",
    );
  }
  const prng = new Prng(seed);
  const walks = symbols.map((symbol) => newWalk(symbol, options.instruments, quotesPerSymbol));
  const jumps = drawJumps(prng, quotesPerSymbol);
  for (let step = 0; step < quotesPerSymbol; step++) {
    const factor = gaussian(prng);
    const jump = jumps.get(step) ?? 0;
    const quotes = walks.map((walk) => {
      const normal = Math.sqrt(correlation) * factor + Math.sqrt(1 - correlation) * gaussian(prng);
      advance(walk, normal, jump);
      return quoteOf(walk, startMs + Math.floor(((step + uniform(prng)) * DAY_MS) / quotesPerSymbol), prng);
    });
    for (const { quote, bars } of quotes.sort((a, b) => a.quote.timeMs - b.quote.timeMs)) {
      const bar = bars.add(quote);
      if (bar) yield bar;
      yield quote;
    }
  }
}

interface Walk {
  readonly instrument: InstrumentUnits;
  readonly bars: TimeBars;
  readonly stepDeviation: number;
  readonly dayDeviation: number;
  /** In price units, not rounded. */
  mid: number;
  /** h of the model. */
  variance: number;
}

function newWalk(
  { symbol, price, annualVolatility }: SimulatedSymbol,
  instruments: ReadonlyMap<string, Instrument>,
  steps: number,
): Walk {
  const instrument = instruments.get(symbol);
  if (!instrument) {
    throw new MarketError(
      "UNKNOWN_SYMBOL",
      "simulation",
      `${symbol} has no row`,
      "Add a row for it to markets/instruments.json",
    );
  }
  const bytes = Buffer.from(price);
  const mid = new DecimalReader().read(bytes, 0, bytes.length, instrument.priceScale, 1);
  if (!(mid > 0) || !(annualVolatility > 0)) {
    throw refuse(`${symbol} from price "${price}" at volatility ${annualVolatility}`, "Both must be above zero");
  }
  const dayDeviation = annualVolatility / Math.sqrt(instrument.tradingDaysPerYear);
  const stepDeviation = dayDeviation / Math.sqrt(steps);
  return { instrument: unitsOf(instrument), bars: new TimeBars(60_000), stepDeviation, dayDeviation, mid, variance: 1 };
}

/** Step → jump in daily standard deviations. */
function drawJumps(prng: Prng, steps: number): ReadonlyMap<number, number> {
  const jumps = new Map<number, number>();
  for (let count = 0; count < 2; count++) {
    const step = Math.floor((0.1 + 0.8 * uniform(prng)) * steps);
    jumps.set(step, (uniform(prng) < 0.5 ? -1 : 1) * (1 + uniform(prng)));
  }
  return jumps;
}

function advance(walk: Walk, normal: number, jump: number): void {
  const deviation = walk.stepDeviation * Math.sqrt(walk.variance);
  walk.mid *= exp(deviation * normal - (deviation * deviation) / 2 + jump * walk.dayDeviation);
  walk.variance = 0.01 + (0.05 * normal * normal + 0.94) * walk.variance;
  if (jump !== 0) walk.variance = Math.max(walk.variance, 16);
}

function quoteOf(walk: Walk, timeMs: number, prng: Prng): { quote: QuoteEvent; bars: TimeBars } {
  const { instrument, bars, mid, variance } = walk;
  const { symbol, tickUnits, lotUnits, halfSpreadUnits, topSizeUnits } = instrument;
  const half = halfSpreadUnits * Math.max(1, Math.sqrt(variance));
  const bid = Math.max(1, Math.floor((mid - half) / tickUnits)) * tickUnits;
  const ask = Math.max(bid + tickUnits, Math.ceil((mid + half) / tickUnits) * tickUnits);
  const size = () => Math.max(1, Math.floor(((0.5 + uniform(prng)) * topSizeUnits) / lotUnits)) * lotUnits;
  return { quote: { kind: "quote", symbol, timeMs, bid, ask, bidSize: size(), askSize: size() }, bars };
}

function refuse(problem: string, cure: string): MarketError {
  return new MarketError("BAD_OPTION", "simulation", problem, cure);
}

const DAY_MS = 86_400_000;
