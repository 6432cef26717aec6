/**
 * How much of a symbol to hold: volatility targeting (Moreira & Muir 2017; Harvey et al. 2018). A full signal's position gets the weight
 * at which its own volatility is the target, and no more than the cap. What leaves is a whole number of lots.
 */
import type { LastQuote } from "@countersign/ledger";
import { type Instrument, type Price, toNumber } from "@countersign/orders";
import { type Account, bandAround, midOf, type Trade, tradeTo, wholeLots, worthNow } from "@countersign/proposer";
import type { PortfolioConfig } from "../config.ts";
import { type PortfolioView, RETURNS_MIN } from "./view.ts";
import type { Wanted } from "./wanted.ts";

/** What a wish comes to now; or why it comes to nothing, as a code and a sentence. */
export type Target =
  | {
      readonly ok: true;
      readonly instrument: Instrument;
      readonly last: LastQuote;
      readonly trade: Trade;
      readonly band: { readonly low: Price; readonly high: Price };
      /** Share of equity, signed. */
      readonly weight: number;
      /** Annualised. */
      readonly volatility: number;
    }
  | { readonly ok: false; readonly code: string; readonly text: string };

export type Aim = Extract<Target, { ok: true }>;

export function targetOf(
  { symbol, direction }: Pick<Wanted, "symbol" | "direction">,
  { book }: Account,
  view: PortfolioView,
  config: PortfolioConfig,
): Target {
  const { quotes } = view;
  const instrument = config.instruments.get(symbol);
  if (instrument === undefined) return no("NO_INSTRUMENT", `${symbol} is no instrument here`);
  const last = quotes.last(symbol);
  if (last === undefined) return no("NO_PRICE", `nobody quotes ${symbol}`); // P10.portfolio-price
  const volatility = view.volatility(instrument);
  if (volatility === undefined || volatility.returns < RETURNS_MIN) return no("NO_VOLATILITY", "too few bars yet"); // P10.portfolio-volatility
  const equity = worthNow(book, quotes)?.equity;
  if (equity === undefined || equity <= 0) return no("NO_EQUITY", "no equity to allocate, or none that is known"); // P10.portfolio-equity
  const weight = direction * Math.min(config.weightMax, config.targetVolatility / volatility.annual);
  const held = book.positions[symbol]?.quantity.units ?? 0n;
  const target = wholeLots((weight * equity) / midOf(last), instrument);
  const trade = tradeTo(target, held, instrument);
  if (trade === undefined) return no("IN_PLACE", `what is held of ${symbol} is what is wanted`);
  const share = (toNumber(trade.quantity) * midOf(last)) / equity;
  if (target !== 0n && share < config.noTradeBand) {
    return no(
      "IN_PLACE",
      `what is held of ${symbol} is what is wanted, within ${config.noTradeBand * 100} % of equity`,
    );
  }
  const band = bandAround(last, config.bandDeviations * volatility.perBar, instrument);
  return { ok: true, instrument, last, trade, band, weight, volatility: volatility.annual };
}

function no(code: string, text: string): Target {
  return { ok: false, code, text };
}
