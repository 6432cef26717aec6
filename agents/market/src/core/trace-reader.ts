import { badBar, eventsOfBar } from "./bar-quotes.ts";
import { type DropReason, newCounts, type SymbolCounts } from "./counts.ts";
import type { MarketEvent } from "./events.ts";
import type { InstrumentUnits } from "./instrument-units.ts";
import { Lines } from "./lines.ts";
import { OutlierFilter } from "./outlier.ts";
import { RowReader } from "./row-reader.ts";
import { ORDER_CURE } from "./survey.ts";
import type { Table } from "./table.ts";

export interface TraceReaderOptions {
  readonly file: string;
  readonly table: Table;
  /** The symbol of a table without a symbol column. */
  readonly symbol: string | undefined;
  readonly instruments: ReadonlyMap<string, InstrumentUnits>;
  /** The length of a bar, for a table of bars. */
  readonly barMs: number;
  /** Only rows of [fromMs, toMs); a bar counts by its opening. */
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Turns the bytes of one file, in chunks of any size, into its events in the order of time: `push` and `end` add to `events`,
 * which the caller empties. A malformed row throws (`MarketError`); a well-formed row that is bad market data is dropped and
 * counted in `counts`.
 */
export class TraceReader {
  readonly events: MarketEvent[] = [];
  readonly counts = new Map<string, SymbolCounts>();
  /** No further row can matter: what is left lies behind `toMs`. */
  isDone = false;

  readonly #options: TraceReaderOptions;
  readonly #lines: Lines;
  readonly #row: RowReader;
  readonly #feeds = new Map<string, Feed>();
  #newestMs = Number.NEGATIVE_INFINITY;
  #staleInARow = 0;
  #behindInARow = 0;
  /** Events of bars that begin no later than the newest row and may stand after the next one. */
  #pending: MarketEvent[] = [];

  constructor(options: TraceReaderOptions) {
    this.#options = options;
    this.#row = new RowReader(options.table, options.file);
    this.#lines = new Lines(options.file, (bytes, start, end, line) => {
      if (line > 1 && !this.isDone && this.#row.load(bytes, start, end, line)) this.#read();
    });
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  end(): void {
    this.#lines.end();
    this.#release(Number.POSITIVE_INFINITY);
  }

  #read(): void {
    const row = this.#row;
    const timeMs = row.timeMs();
    if (timeMs < this.#options.fromMs || this.#isBehind(timeMs)) return;
    const feed = this.#feed(this.#options.symbol ?? row.symbol());
    const reason = timeMs < this.#newestMs ? this.#stale() : this.#readInOrder(feed, timeMs);
    if (reason === undefined) feed.counts.accepted++;
    else feed.counts.dropped[reason]++;
    feed.counts.roundedPrices += row.roundedPrices;
    row.roundedPrices = 0;
  }

  #readInOrder(feed: Feed, timeMs: number): DropReason | undefined {
    this.#staleInARow = 0;
    if (timeMs > this.#newestMs) this.#release(timeMs);
    this.#newestMs = timeMs;
    const { kind } = this.#options.table;
    if (kind === "quote") return this.#readQuote(feed, timeMs);
    return kind === "trade" ? this.#readTrade(feed, timeMs) : this.#readBar(feed, timeMs);
  }

  #readQuote(feed: Feed, timeMs: number): DropReason | undefined {
    const { instrument } = feed;
    const { columns } = this.#options.table;
    const bid = this.#quotePrice(columns.bid, instrument, feed.lastBid);
    const ask = this.#quotePrice(columns.ask, instrument, feed.lastAsk);
    feed.lastBid = bid;
    feed.lastAsk = ask;
    if (bid === undefined || ask === undefined) return "empty";
    const bidSize = this.#shownSize(columns.bidSize, instrument);
    const askSize = this.#shownSize(columns.askSize, instrument);
    if (bid <= 0 || ask <= 0 || bidSize < 0 || askSize < 0) return "notPositive";
    if (bid > ask) return "crossed";
    if (!feed.filter.accepts((bid + ask) / 2)) return "outlier";
    this.events.push({ kind: "quote", symbol: instrument.symbol, timeMs, bid, ask, bidSize, askSize });
    return undefined;
  }

  #readTrade(feed: Feed, timeMs: number): DropReason | undefined {
    const row = this.#row;
    const { instrument } = feed;
    const { columns } = this.#options.table;
    if (row.isEmpty(columns.price) || row.isEmpty(columns.size)) return "empty";
    const price = row.price(columns.price, instrument.priceScale, instrument.tickUnits);
    const size = row.size(columns.size, instrument.quantityScale, 1);
    const side = this.#side(columns.side);
    if (price <= 0 || size <= 0) return "notPositive";
    if (!feed.filter.accepts(price)) return "outlier";
    const trade = { kind: "trade", symbol: instrument.symbol, timeMs, price, size } as const;
    this.events.push(side === undefined ? trade : { ...trade, side });
    return undefined;
  }

  #readBar(feed: Feed, openTimeMs: number): DropReason | undefined {
    const row = this.#row;
    const { instrument } = feed;
    const { symbol, priceScale, tickUnits, quantityScale } = instrument;
    const { open, high, low, close, volume } = this.#options.table.columns;
    for (const column of [open, high, low, close]) if (row.isEmpty(column)) return "empty";
    const price = (column: number) => row.price(column, priceScale, tickUnits);
    const bar = {
      symbol,
      openTimeMs,
      closeTimeMs: openTimeMs + this.#options.barMs,
      open: price(open),
      high: price(high),
      low: price(low),
      close: price(close),
      volume: row.isEmpty(volume) ? 0 : row.size(volume, quantityScale, 1),
    };
    if (openTimeMs < feed.lastCloseMs) return "stale";
    const problem = badBar(bar, instrument);
    if (problem !== undefined) return problem;
    feed.lastCloseMs = bar.closeTimeMs;
    this.#pending.push(...eventsOfBar(bar, instrument));
    return undefined;
  }

  #quotePrice(column: number, instrument: InstrumentUnits, last: number | undefined): number | undefined {
    if (this.#row.isEmpty(column)) return this.#options.table.repeatsEmpty ? last : undefined;
    return this.#row.price(column, instrument.priceScale, instrument.tickUnits);
  }

  #shownSize(column: number, instrument: InstrumentUnits): number {
    if (this.#row.isEmpty(column)) return instrument.topSizeUnits;
    return this.#row.size(column, instrument.quantityScale, instrument.lotUnits);
  }

  #side(column: number): "buy" | "sell" | undefined {
    if (this.#row.isEmpty(column)) return undefined;
    const text = this.#row.text(column).toLowerCase();
    if (text === "buy" || text === "b") return "buy";
    if (text === "sell" || text === "s") return "sell";
    const problem = `side ${JSON.stringify(text)} is neither buy nor sell`;
    throw this.#row.error(
      "BAD_ROW",
      problem,
      "A trade has the side of its aggressor; a file of an order book is no trace",
    );
  }

  /** Hands over what stands before `timeMs`: every row of an earlier time has been read, so its order is final. */
  #release(timeMs: number): void {
    if (this.#pending.length === 0) return;
    this.#pending.sort((a, b) => a.timeMs - b.timeMs || (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0));
    const first = this.#pending.findIndex((event) => event.timeMs >= timeMs);
    this.events.push(...this.#pending.splice(0, first < 0 ? this.#pending.length : first));
  }

  #isBehind(timeMs: number): boolean {
    if (timeMs < this.#options.toMs) {
      this.#behindInARow = 0;
      return false;
    }
    // One late row may be a clock that is wrong; a hundred in a row are the rest of the file.
    this.#behindInARow++;
    if (this.#behindInARow > IN_A_ROW_MAX) this.isDone = true;
    return true;
  }

  #stale(): "stale" {
    this.#staleInARow++;
    if (this.#staleInARow <= IN_A_ROW_MAX) return "stale";
    const problem = `the last ${this.#staleInARow} rows are all older than one before them`;
    throw this.#row.error("TIME_NOT_ORDERED", problem, ORDER_CURE);
  }

  #feed(symbol: string): Feed {
    const known = this.#feeds.get(symbol);
    if (known) return known;
    const instrument = this.#options.instruments.get(symbol);
    if (!instrument) {
      const problem = `${symbol} appears first after the rows that defaults are made from`;
      throw this.#row.error("UNKNOWN_SYMBOL", problem, "Add a row for it to markets/instruments.json");
    }
    const feed = {
      instrument,
      counts: newCounts(),
      filter: new OutlierFilter(),
      lastBid: undefined,
      lastAsk: undefined,
      lastCloseMs: Number.NEGATIVE_INFINITY,
    };
    this.#feeds.set(symbol, feed);
    this.counts.set(symbol, feed.counts);
    return feed;
  }
}

interface Feed {
  readonly instrument: InstrumentUnits;
  readonly counts: SymbolCounts;
  readonly filter: OutlierFilter;
  lastBid: number | undefined;
  lastAsk: number | undefined;
  lastCloseMs: number;
}

const IN_A_ROW_MAX = 100;
