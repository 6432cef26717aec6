import type { Bar, Quote, QuoteRef } from "@countersign/contracts";
import { type Instrument, type Price, price, type Quantity, quantity } from "@countersign/orders";
import { ln, RealisedVolatility } from "@countersign/quant";
import type { MarketMessage, MarketRef, Trigger, ViewOf } from "@countersign/runtime";
import type { Limits } from "./limits.ts";
import { restoreView, snapshotView } from "./view-snapshot.ts";

/** The market as Policy needs it: the last quote and the past returns of each symbol in the instrument table. */
export interface PolicyView {
  readonly symbols: Map<string, SymbolView>;
}

export interface SymbolView {
  quote: SeenQuote | undefined;
  /** Of the last bar. */
  close: number | undefined;
  barMs: number | undefined;
  /** Simple returns, bar on bar, the oldest first; by the close time of the later bar. */
  returns: { readonly timeMs: number; readonly value: number }[];
  /** Per bar, not annualised; by window. */
  readonly volatilities: ReadonlyMap<number, RealisedVolatility>;
}

export interface SeenQuote {
  readonly bid: Price;
  readonly ask: Price;
  /** Undefined where the source does not say. */
  readonly bidSize: Quantity | undefined;
  readonly askSize: Quantity | undefined;
  readonly eventTimeMs: number;
  readonly ref: QuoteRef;
}

/** How far the view looks back follows from the rules. */
export function policyView(instruments: ReadonlyMap<string, Instrument>, { rules }: Limits): ViewOf<PolicyView> {
  const windows = [
    ...new Set(
      rules.flatMap(({ metric, window }) => (metric === "volatility" && window !== undefined ? [window] : [])),
    ),
  ];
  // Twice the longest window: symbols that do not trade on the same days still have enough returns in common.
  const returnsMax = 2 * Math.max(0, ...rules.map(({ window }) => window ?? 0));
  const create = (): PolicyView => ({
    symbols: new Map([...instruments.keys()].map((symbol) => [symbol, emptySymbol(windows)])),
  });
  return {
    create,
    fold: (view, message) => fold(view, message, returnsMax),
    snapshot: snapshotView,
    restore: (snapshot) => restoreView(create(), snapshot),
  };
}

function emptySymbol(windows: readonly number[]): SymbolView {
  const estimators = windows.map((length) => new RealisedVolatility({ length, periodsPerYear: 1, mean: "sample" }));
  return {
    quote: undefined,
    close: undefined,
    barMs: undefined,
    returns: [],
    volatilities: new Map(windows.map((window, index) => [window, estimators[index]!])),
  };
}

/** A bar is put before `decide`, so that equity, its peak and the day's first are known between orders too. */
function fold(view: PolicyView, message: MarketMessage, returnsMax: number): Trigger | undefined {
  const symbol = view.symbols.get(message.value.symbol ?? "");
  if (symbol === undefined) return undefined;
  if (message.type === "market.quote") symbol.quote = readQuote(message.value, message.ref) ?? symbol.quote;
  return message.type === "market.bar" ? foldBar(symbol, message.value, returnsMax) : undefined;
}

/** Undefined for a quote that is none: a side is missing, or the bid is above the ask. The one before it then grows old. */
function readQuote(quote: Quote, ref: MarketRef): SeenQuote | undefined {
  const { symbol, bidUnits, askUnits, priceScale, bidSizeUnits, askSizeUnits, quantityScale, eventTimeMs } = quote;
  if (symbol === undefined || bidUnits === undefined || askUnits === undefined || priceScale === undefined)
    return undefined;
  if (eventTimeMs === undefined || bidUnits <= 0n || askUnits < bidUnits) return undefined;
  const size = (units: bigint | undefined): Quantity | undefined =>
    units === undefined || quantityScale === undefined ? undefined : quantity(units, quantityScale);
  return {
    bid: price(bidUnits, priceScale),
    ask: price(askUnits, priceScale),
    bidSize: size(bidSizeUnits),
    askSize: size(askSizeUnits),
    eventTimeMs: Number(eventTimeMs),
    ref: { $typeName: "countersign.v1.QuoteRef", symbol, msgId: ref.msgId, seq: ref.seq, digest: ref.digest },
  };
}

function foldBar(symbol: SymbolView, bar: Bar, returnsMax: number): Trigger | undefined {
  const { closeUnits, priceScale, openTimeMs, closeTimeMs } = bar;
  if (closeUnits === undefined || closeUnits <= 0n || priceScale === undefined) return undefined;
  if (openTimeMs === undefined || closeTimeMs === undefined || closeTimeMs <= openTimeMs) return undefined;
  const close = Number(closeUnits) / 10 ** priceScale;
  if (symbol.close !== undefined) {
    symbol.returns.push({ timeMs: Number(closeTimeMs), value: close / symbol.close - 1 });
    if (symbol.returns.length > returnsMax) symbol.returns.shift();
    for (const volatility of symbol.volatilities.values()) volatility.update(ln(close / symbol.close));
  }
  symbol.close = close;
  symbol.barMs = Number(closeTimeMs - openTimeMs);
  return { name: "bar", data: { symbol: bar.symbol, closeTimeMs: Number(closeTimeMs) } };
}
