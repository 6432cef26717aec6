import type { Instrument } from "@countersign/orders";
import { formatUnits } from "./decimal.ts";
import { MarketError } from "./error.ts";

/**
 * What the readers of a feed need of an instrument, as the numbers that events are made of: integers of the price scale (tick,
 * halfSpread) or of the quantity scale (lot, topSize), exact below 2^53.
 */
export interface InstrumentUnits {
  readonly symbol: string;
  readonly priceScale: number;
  readonly tickUnits: number;
  readonly quantityScale: number;
  readonly lotUnits: number;
  readonly halfSpreadUnits: number;
  readonly topSizeUnits: number;
}

/**
 * Converted once a trace, not once a row. Quotes that are made from bars have to stand on the grid like all others, so the half-spread
 * has to be a positive multiple of the tick and the top size one of the lot. Throws `BAD_INSTRUMENT` naming symbol and field.
 */
export function unitsOf(instrument: Instrument): InstrumentUnits {
  const { symbol, priceScale, quantityScale } = instrument;
  const units = { tickUnits: Number(instrument.tick), lotUnits: Number(instrument.lot) };
  const onGrid = (field: "halfSpread" | "topSize", scale: number, step: number): number => {
    const value = Number(instrument[field]);
    if (value > 0 && value <= Number.MAX_SAFE_INTEGER && value % step === 0) return value;
    const problem = `${field} ${formatUnits(value, scale)} is not a positive multiple of ${formatUnits(step, scale)}`;
    throw new MarketError("BAD_INSTRUMENT", `instrument ${symbol}`, problem, "Correct its row in instruments.json");
  };
  return {
    symbol,
    priceScale,
    quantityScale,
    ...units,
    halfSpreadUnits: onGrid("halfSpread", priceScale, units.tickUnits),
    topSizeUnits: onGrid("topSize", quantityScale, units.lotUnits),
  };
}
