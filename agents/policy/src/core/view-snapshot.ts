import { parseExact, price, quantity, stringifyExact } from "@countersign/orders";
import type { PolicyView, SeenQuote, SymbolView } from "./view.ts";

/** JSON: what cannot be computed again from what follows. */
export function snapshotView(view: PolicyView): unknown {
  return [...view.symbols].map(([name, symbol]) => ({
    name,
    quote: symbol.quote === undefined ? null : snapshotQuote(symbol.quote),
    close: symbol.close ?? null,
    barMs: symbol.barMs ?? null,
    returns: symbol.returns.map(({ timeMs, value }) => [timeMs, value]),
    volatilities: [...symbol.volatilities].map(([window, estimator]) => [window, estimator.snapshot()]),
  }));
}

/** Into a new view. A symbol or window that the snapshot does not know starts from nothing, and is unknown until it is warm. */
export function restoreView(view: PolicyView, snapshot: unknown): PolicyView {
  const rows = snapshot as readonly SymbolSnapshot[];
  for (const row of rows) {
    const symbol = view.symbols.get(row.name);
    if (symbol !== undefined) restoreSymbol(symbol, row);
  }
  return view;
}

interface SymbolSnapshot {
  readonly name: string;
  readonly quote: { readonly exact: string; readonly digest: string } | null;
  readonly close: number | null;
  readonly barMs: number | null;
  readonly returns: readonly (readonly [number, number])[];
  readonly volatilities: readonly (readonly [number, unknown])[];
}

function restoreSymbol(symbol: SymbolView, row: SymbolSnapshot): void {
  symbol.quote = row.quote === null ? undefined : restoreQuote(row.quote);
  symbol.close = row.close ?? undefined;
  symbol.barMs = row.barMs ?? undefined;
  symbol.returns = row.returns.map(([timeMs, value]) => ({ timeMs, value }));
  for (const [window, estimator] of row.volatilities) symbol.volatilities.get(window)?.restore(estimator);
}

function snapshotQuote(quote: SeenQuote): { exact: string; digest: string } {
  const { digest, ...ref } = quote.ref;
  return { exact: stringifyExact({ ...quote, ref }), digest: Buffer.from(digest ?? []).toString("hex") };
}

function restoreQuote({ exact, digest }: { readonly exact: string; readonly digest: string }): SeenQuote {
  const { bid, ask, bidSize, askSize, eventTimeMs, ref } = parseExact(exact) as SeenQuote;
  return {
    bid: price(bid.units, bid.scale),
    ask: price(ask.units, ask.scale),
    bidSize: bidSize === undefined ? undefined : quantity(bidSize.units, bidSize.scale),
    askSize: askSize === undefined ? undefined : quantity(askSize.units, askSize.scale),
    eventTimeMs,
    ref: { ...ref, digest: Uint8Array.from(Buffer.from(digest, "hex")) },
  };
}
