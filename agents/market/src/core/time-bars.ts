import type { BarEvent, QuoteEvent, TradeEvent } from "./events.ts";

/**
 * Builds time bars of one symbol from its quotes and trades. A bar is of mids, rounded half-even to a unit; before the symbol's
 * first quote it is of trade prices. Its volume is what was traded in it (0 where the trace has no trades). It is known when the
 * first event of a later bar arrives, and stands before that event; the bar in progress at the end of a trace is never closed.
 */
export class TimeBars {
  readonly #lengthMs: number;
  #hasQuotes = false;
  #openTimeMs = Number.NaN;
  #open = Number.NaN;
  #high = 0;
  #low = 0;
  #close = 0;
  #volume = 0;

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Takes the next event; returns the bar that it closes, to be published before it. */
  add(event: QuoteEvent | TradeEvent): BarEvent | undefined {
    const { symbol, timeMs } = event;
    const openTimeMs = timeMs - (timeMs % this.#lengthMs);
    const closed = openTimeMs > this.#openTimeMs ? this.#closed(symbol, timeMs) : undefined;
    if (openTimeMs !== this.#openTimeMs) {
      this.#openTimeMs = openTimeMs;
      this.#open = Number.NaN;
      this.#volume = 0;
    }
    if (event.kind === "trade") {
      this.#volume += event.size;
      if (!this.#hasQuotes) this.#price(event.price);
      return closed;
    }
    if (!this.#hasQuotes) {
      this.#hasQuotes = true;
      this.#open = Number.NaN;
    }
    this.#price(midOf(event));
    return closed;
  }

  #price(price: number): void {
    if (Number.isNaN(this.#open)) {
      this.#open = price;
      this.#high = price;
      this.#low = price;
    }
    if (price > this.#high) this.#high = price;
    if (price < this.#low) this.#low = price;
    this.#close = price;
  }

  #closed(symbol: string, timeMs: number): BarEvent | undefined {
    // Trades of a symbol that has quotes, in a minute without a quote: nothing to make a price of.
    if (Number.isNaN(this.#open)) return undefined;
    return {
      kind: "bar",
      symbol,
      timeMs,
      openTimeMs: this.#openTimeMs,
      closeTimeMs: this.#openTimeMs + this.#lengthMs,
      open: this.#open,
      high: this.#high,
      low: this.#low,
      close: this.#close,
      volume: this.#volume,
    };
  }
}

function midOf(quote: QuoteEvent): number {
  const sum = quote.bid + quote.ask;
  const half = Math.floor(sum / 2);
  return sum % 2 !== 0 && half % 2 !== 0 ? half + 1 : half;
}
