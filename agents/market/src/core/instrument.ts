import { DecimalReader, formatUnits } from "./decimal.ts";
import { MarketError } from "./error.ts";

/** What a symbol's numbers mean. Names ending in `Units` are integers of the price scale (tick, halfSpread) or the quantity scale. */
export interface Instrument {
  readonly symbol: string;
  readonly currency: string;
  readonly priceScale: number;
  readonly tickUnits: number;
  readonly quantityScale: number;
  readonly lotUnits: number;
  /** Half the spread around the mid of quotes that are made from bars. */
  readonly halfSpreadUnits: number;
  /** The size shown at bid and ask where the source has none. */
  readonly topSizeUnits: number;
  /** The commission of a fill: basis points of its value, or an amount per unit of quantity; decimal text, exactly one of the two. */
  readonly feeBps?: string;
  readonly feePerUnit?: string;
  readonly tradingDaysPerYear: number;
  readonly tradingHoursPerDay: number;
  /** Made up by `defaultInstrument`, not written by anybody: allowed in replay only. */
  readonly isDefault: boolean;
}

/**
 * The rows of instruments.json by symbol: the parsed JSON, checked. Decimals are text; tick, halfSpread and the sizes must be
 * exact at their scale and on the tick or lot. Throws `BAD_INSTRUMENT` naming the row and the field.
 */
export function parseInstruments(json: unknown, file = "instruments.json"): ReadonlyMap<string, Instrument> {
  if (!Array.isArray(json)) throw bad(file, "not a list of rows");
  const instruments = new Map<string, Instrument>();
  for (const [index, row] of json.entries()) {
    const instrument = parseRow(row, `${file} row ${index + 1}`);
    if (instruments.has(instrument.symbol)) throw bad(file, `${instrument.symbol} has two rows`);
    instruments.set(instrument.symbol, instrument);
  }
  return instruments;
}

/**
 * The instrument of a symbol without a row, from what a trace shows of it: its price decimals (at most 9) and its first price.
 * In US dollars, lot 0.0001, half-spread 1 basis point of the first price, a top of book worth 100,000, fee 1 basis point, and
 * the calendar of a market open day and night on 252 days.
 */
export function defaultInstrument(symbol: string, priceScale: number, firstPriceUnits: number): Instrument {
  const price = firstPriceUnits / 10 ** priceScale;
  return {
    symbol,
    currency: "USD",
    priceScale,
    tickUnits: 1,
    quantityScale: 4,
    lotUnits: 1,
    halfSpreadUnits: Math.max(1, Math.round(firstPriceUnits / 10_000)),
    topSizeUnits: Math.min(Math.max(1, Math.ceil((100_000 / price) * 10_000)), Number.MAX_SAFE_INTEGER),
    feeBps: "1",
    tradingDaysPerYear: 252,
    tradingHoursPerDay: 24,
    isDefault: true,
  };
}

/** How many steps of `stepMs` a year of this instrument's market has: what annualises a volatility. 252 for daily equities. */
export function periodsPerYear(instrument: Instrument, stepMs: number): number {
  const { tradingDaysPerYear, tradingHoursPerDay } = instrument;
  if (stepMs > DAY_MS) return (365.25 * DAY_MS) / stepMs;
  return stepMs === DAY_MS ? tradingDaysPerYear : (tradingDaysPerYear * tradingHoursPerDay * HOUR_MS) / stepMs;
}

function parseRow(row: unknown, place: string): Instrument {
  if (typeof row !== "object" || row === null) throw bad(place, "not an object");
  const fields = new Map<string, unknown>(Object.entries(row));
  const text = (name: string): string => {
    const value = fields.get(name);
    if (typeof value !== "string" || value === "") throw bad(place, `"${name}" is no text`);
    return value;
  };
  const number = (name: string, isFine: (value: number) => boolean): number => {
    const value = fields.get(name);
    if (typeof value !== "number" || !isFine(value)) throw bad(place, `"${name}" is ${JSON.stringify(value)}`);
    return value;
  };
  const units = (name: string, scale: number, multipleOf: number): number => {
    const value = exactUnits(text(name), scale);
    if (value === undefined || value <= 0 || value % multipleOf !== 0) {
      const grid = formatUnits(multipleOf, scale);
      throw bad(
        place,
        `"${name}" is "${text(name)}", not a positive multiple of ${grid} with at most ${scale} decimals`,
      );
    }
    return value;
  };
  const priceScale = number("priceScale", isScale);
  const quantityScale = number("quantityScale", isScale);
  const tickUnits = units("tick", priceScale, 1);
  const lotUnits = units("lot", quantityScale, 1);
  return {
    symbol: text("symbol").toUpperCase(),
    currency: text("currency"),
    priceScale,
    tickUnits,
    quantityScale,
    lotUnits,
    halfSpreadUnits: units("halfSpread", priceScale, tickUnits),
    topSizeUnits: units("topSize", quantityScale, lotUnits),
    ...fee(fields, place),
    tradingDaysPerYear: number("tradingDaysPerYear", (days) => days > 0 && days <= 366),
    tradingHoursPerDay: number("tradingHoursPerDay", (hours) => hours > 0 && hours <= 24),
    isDefault: false,
  };
}

function fee(fields: ReadonlyMap<string, unknown>, place: string): { feeBps: string } | { feePerUnit: string } {
  const { feeBps, feePerUnit } = { feeBps: fields.get("feeBps"), feePerUnit: fields.get("feePerUnit") };
  if (isFee(feeBps) && feePerUnit === undefined) return { feeBps };
  if (isFee(feePerUnit) && feeBps === undefined) return { feePerUnit };
  throw bad(place, `needs "feeBps" or "feePerUnit", one of them, as decimal text`);
}

function isFee(value: unknown): value is string {
  return typeof value === "string" && /^\d+(\.\d{1,9})?$/.test(value);
}

function isScale(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 9;
}

function exactUnits(text: string, scale: number): number | undefined {
  const reader = new DecimalReader();
  const bytes = Buffer.from(text);
  const units = reader.read(bytes, 0, bytes.length, scale, 1);
  return reader.rounded || Number.isNaN(units) ? undefined : units;
}

function bad(place: string, problem: string): MarketError {
  return new MarketError("BAD_INSTRUMENT", place, problem, "docs/market-data.md says what a row holds");
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
