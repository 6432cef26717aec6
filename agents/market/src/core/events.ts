/**
 * The plain events a market is made of. Prices and sizes are integer units of the instrument's scales: a price of 1284.065 at
 * scale 3 is 1284065. They are JavaScript numbers because every one is below 2^53, where a number is exact; whoever multiplies
 * two of them uses bigint. `timeMs` (UTC) is when the event becomes known and never decreases along a stream.
 */
export type MarketEvent = QuoteEvent | TradeEvent | BarEvent;

export interface QuoteEvent {
  readonly kind: "quote";
  readonly symbol: string;
  readonly timeMs: number;
  readonly bid: number;
  readonly ask: number;
  readonly bidSize: number;
  readonly askSize: number;
}

export interface TradeEvent {
  readonly kind: "trade";
  readonly symbol: string;
  readonly timeMs: number;
  readonly price: number;
  readonly size: number;
  /** The aggressor's side, where the source says it. */
  readonly side?: "buy" | "sell";
}

/** A closed bar of [openTimeMs, closeTimeMs). `volume` 0 means that the source did not record it. */
export interface BarEvent {
  readonly kind: "bar";
  readonly symbol: string;
  readonly timeMs: number;
  readonly openTimeMs: number;
  readonly closeTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}
