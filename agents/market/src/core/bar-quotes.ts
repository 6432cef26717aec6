import type { BarEvent, QuoteEvent } from "./events.ts";
import type { InstrumentUnits } from "./instrument-units.ts";

/** A bar as a file has it, in integer units. */
export type BarRow = Omit<BarEvent, "kind" | "timeMs">;

/**
 * The four quotes that stand for a bar, then the bar: open; of low and high the one nearer to the open (the low when they are
 * as near); the other; close. At open time t and length d they stand at t, t + d/3, t + 2d/3 and t + d - 1 ms, so the close is
 * inside the bar and the next open after it. The bar follows its close quote at the same time: nobody sees it earlier.
 */
export function eventsOfBar(bar: BarRow, instrument: InstrumentUnits): readonly (QuoteEvent | BarEvent)[] {
  const { openTimeMs, closeTimeMs, open, high, low, close } = bar;
  const lengthMs = closeTimeMs - openTimeMs;
  const [first, second] = high - open < open - low ? [high, low] : [low, high];
  return [
    quoteAround(open, openTimeMs, instrument),
    quoteAround(first, openTimeMs + Math.floor(lengthMs / 3), instrument),
    quoteAround(second, openTimeMs + Math.floor((2 * lengthMs) / 3), instrument),
    quoteAround(close, closeTimeMs - 1, instrument),
    { kind: "bar", timeMs: closeTimeMs - 1, ...bar },
  ];
}

/** Why a bar is no bar: undefined when it is one whose quotes can be made. */
export function badBar(bar: BarRow, instrument: InstrumentUnits): "notPositive" | "inconsistent" | undefined {
  const { open, high, low, close, volume } = bar;
  if (Math.min(open, high, low, close) - instrument.halfSpreadUnits <= 0 || volume < 0) return "notPositive";
  return low <= Math.min(open, close) && high >= Math.max(open, close) ? undefined : "inconsistent";
}

function quoteAround(mid: number, timeMs: number, instrument: InstrumentUnits): QuoteEvent {
  const { symbol, halfSpreadUnits, topSizeUnits } = instrument;
  return {
    kind: "quote",
    symbol,
    timeMs,
    bid: mid - halfSpreadUnits,
    ask: mid + halfSpreadUnits,
    bidSize: topSizeUnits,
    askSize: topSizeUnits,
  };
}
