import { formatFixed, parseFixed } from "./decimal.ts";
import { OrdersError } from "./error.ts";
import { checkScale, type Fixed, MAX_SCALE, type Price, type Quantity, rescale } from "./fixed.ts";
import { divideRounded, powerOfTen, type Rounding } from "./rounding.ts";

/** What is traded, and the facts that make its integers mean something. */
export interface Instrument {
  readonly symbol: string;
  /** In which prices are quoted and fees are charged. */
  readonly currency: string;
  readonly priceScale: number;
  /** Smallest price step, units of the price scale. */
  readonly tick: bigint;
  readonly quantityScale: number;
  /** Smallest quantity step, units of the quantity scale. */
  readonly lot: bigint;
  /** Of the amounts that the venue charges. */
  readonly moneyScale: number;
  /** Half the spread that a recorded market without quotes is given, units of the price scale. */
  readonly halfSpread: bigint;
  /** Size displayed at the best bid and at the best ask, units of the quantity scale. */
  readonly topSize: bigint;
  /** The venue's fee is the sum of both: basis points of the notional, and money per unit traded. Negative for a rebate. */
  readonly feeBps: Fixed;
  readonly feePerUnit: Fixed;
  readonly tradingDaysPerYear: number;
  readonly tradingHoursPerDay: number;
  /** Made up by `defaultInstrument`, written by nobody: allowed in replay only. */
  readonly isDefault: boolean;
}

/**
 * Reads the rows of an instruments file: `[{ "symbol": "AAPL", "tick": "0.01", … }]`. Decimals are strings, and exact; `tick` and
 * `halfSpread` are prices, `lot` and `topSize` quantities, none beyond 2^53 − 1 units, because feeds count in float64.
 * `moneyScale` may be left out: 2, as most currencies have it; so may one of the two fees, for none. Symbols are in capitals, however
 * they are written. Columns that are not ours are left alone. Throws OrdersError `BAD_INSTRUMENT`, naming row and field.
 */
export function parseInstruments(json: unknown): ReadonlyMap<string, Instrument> {
  if (!Array.isArray(json)) throw new OrdersError("BAD_INSTRUMENT", "instruments: the file is no list of rows");
  const instruments = new Map<string, Instrument>();
  for (const [index, row] of json.entries()) {
    const instrument = parseRow(row, index);
    if (instruments.has(instrument.symbol)) throw bad(index, "symbol", `${instrument.symbol} stands there twice`);
    instruments.set(instrument.symbol, instrument);
  }
  return instruments;
}

/**
 * The instrument of a symbol without a row, from what a trace shows of it: its price decimals (at most 9) and its first price, units
 * of them, above zero. In US dollars, lot 0.0001, half-spread 1 basis point of the first price, a top of book worth 100,000, fee
 * 1 basis point, and the calendar of a market open day and night on 252 days. Throws OrdersError `BAD_SCALE`.
 */
export function defaultInstrument(symbol: string, priceScale: number, firstPrice: bigint): Instrument {
  checkScale(priceScale);
  const halfSpread = divideRounded(firstPrice, 10_000n, "half-up");
  // 100,000 at scale 4, times the price's scale: the quotient has the quantity's scale.
  const topSize = divideRounded(100_000n * powerOfTen(DEFAULT_QUANTITY_SCALE + priceScale), firstPrice, "ceil");
  return {
    symbol,
    currency: "USD",
    priceScale,
    tick: 1n,
    quantityScale: DEFAULT_QUANTITY_SCALE,
    lot: 1n,
    moneyScale: 2,
    halfSpread: halfSpread > 0n ? halfSpread : 1n,
    topSize: topSize < UNITS_MAX ? topSize : UNITS_MAX,
    feeBps: { units: powerOfTen(FEE_SCALE), scale: FEE_SCALE },
    feePerUnit: { units: 0n, scale: FEE_SCALE },
    tradingDaysPerYear: 252,
    tradingHoursPerDay: 24,
    isDefault: true,
  };
}

/**
 * How many bars of this length a year of the instrument's market has: what annualises a volatility. A bar of a day is one trading day,
 * 252 a year for a stock; a longer one holds its calendar's share of them, so a year has 52.18 weeks; a shorter one counts trading hours.
 */
export function periodsPerYear(instrument: Instrument, barMs: number): number {
  const { tradingDaysPerYear, tradingHoursPerDay } = instrument;
  if (barMs > DAY_MS) return (365.25 * DAY_MS) / barMs;
  return barMs === DAY_MS ? tradingDaysPerYear : (tradingDaysPerYear * tradingHoursPerDay * HOUR_MS) / barMs;
}

/** The price at the instrument's scale and on its tick. Whoever calls it counts how often that changed the price. */
export function roundToTick(value: Price, instrument: Instrument, rounding: Rounding): Price {
  return roundToStep(value, instrument.priceScale, instrument.tick, rounding);
}

/** The quantity at the instrument's scale, in whole lots. */
export function roundToLot(value: Quantity, instrument: Instrument, rounding: Rounding): Quantity {
  return roundToStep(value, instrument.quantityScale, instrument.lot, rounding);
}

/** Rounded once, also when the scale changes with the step: 10 × step is the unit when the value has one decimal more. */
function roundToStep<T extends Fixed>(value: T, scale: number, step: bigint, rounding: Rounding): T {
  const finest = Math.max(scale, value.scale);
  const stepUnits = rescale({ units: step, scale }, finest).units;
  const steps = divideRounded(rescale(value, finest).units, stepUnits, rounding);
  return { ...value, units: steps * step, scale };
}

function parseRow(row: unknown, index: number): Instrument {
  if (typeof row !== "object" || row === null) throw bad(index, "row", "is no object");
  const fields = new Map<string, unknown>(Object.entries(row));
  const read = {
    text: (field: string, pattern: RegExp): string => {
      const value = fields.get(field);
      if (typeof value !== "string" || !pattern.test(value))
        throw bad(index, field, `${show(value)} is not ${pattern}`);
      return value;
    },
    number: (field: string, min: number, max: number): number => {
      const value = fields.get(field);
      if (typeof value !== "number" || !(value >= min && value <= max))
        throw bad(index, field, `${show(value)} is not a number from ${min} to ${max}`);
      return value;
    },
    decimal: (field: string, scale: number): Fixed => {
      const value = fields.get(field);
      if (typeof value !== "string") throw bad(index, field, `${show(value)} is not a decimal in quotes`);
      try {
        return parseFixed(value, scale);
      } catch (cause) {
        if (cause instanceof OrdersError) throw bad(index, field, cause.message);
        throw cause;
      }
    },
  };
  const scale = (field: string): number => {
    const value = read.number(field, 0, MAX_SCALE);
    if (!Number.isInteger(value)) throw bad(index, field, `${value} is not an integer`);
    return value;
  };
  const units = (field: string, atScale: number, min: bigint): bigint => {
    const value = read.decimal(field, atScale).units;
    const text = (limit: bigint) => formatFixed({ units: limit, scale: atScale });
    if (value < min) throw bad(index, field, `${text(value)} is less than ${text(min)}`);
    if (value > UNITS_MAX) throw bad(index, field, `${text(value)} is more than ${text(UNITS_MAX)}`);
    return value;
  };
  const fee = (field: string, other: string): Fixed =>
    fields.has(field) || !fields.has(other) ? read.decimal(field, FEE_SCALE) : { units: 0n, scale: FEE_SCALE };
  const priceScale = scale("priceScale");
  const quantityScale = scale("quantityScale");
  return {
    symbol: read.text("symbol", /^\^?[A-Za-z0-9][A-Za-z0-9._/-]*$/).toUpperCase(),
    currency: read.text("currency", /^[A-Z0-9]{2,10}$/),
    priceScale,
    tick: units("tick", priceScale, 1n),
    quantityScale,
    lot: units("lot", quantityScale, 1n),
    moneyScale: fields.has("moneyScale") ? scale("moneyScale") : 2,
    halfSpread: units("halfSpread", priceScale, 0n),
    topSize: units("topSize", quantityScale, 0n),
    feeBps: fee("feeBps", "feePerUnit"),
    feePerUnit: fee("feePerUnit", "feeBps"),
    tradingDaysPerYear: read.number("tradingDaysPerYear", 1, 366),
    tradingHoursPerDay: read.number("tradingHoursPerDay", 1, 24),
    isDefault: false,
  };
}

/** Fine enough for any published fee: 0.0000278 USD a share, thousandths of a basis point. */
const FEE_SCALE = 9;
const DEFAULT_QUANTITY_SCALE = 4;
const UNITS_MAX = BigInt(Number.MAX_SAFE_INTEGER);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function bad(index: number, field: string, text: string): OrdersError {
  return new OrdersError("BAD_INSTRUMENT", `instruments row ${index + 1}, ${field}: ${text}`);
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
