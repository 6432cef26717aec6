/**
 * How much of a symbol to hold: volatility targeting. A full signal's position gets the weight at which its own volatility is the target,
 * and no more than the cap. Floats end here: what leaves is a whole number of lots.
 */
import { type Book, equityOf, type LastQuote, marksOf } from "@countersign/ledger";
import {
  fromNumber,
  type Instrument,
  type Price,
  price,
  type Quantity,
  quantity,
  roundToTick,
  toNumber,
} from "@countersign/orders";
import type { PortfolioConfig } from "../config.ts";
import type { PortfolioView } from "./view.ts";

export interface Wanted {
  readonly symbol: string;
  readonly signalId: string;
  readonly strategy: string;
  readonly direction: number;
  readonly confidence: number;
  readonly expectedReturn: number;
  readonly explanation: string;
  readonly attempt: number;
}

/** What a wish comes to now; or why it comes to nothing, as a code and a sentence. */
export type Target =
  | {
      readonly ok: true;
      readonly instrument: Instrument;
      readonly last: LastQuote;
      readonly side: "BUY" | "SELL";
      readonly quantity: Quantity;
      /** Only takes away from what is held. */
      readonly reduces: boolean;
      readonly bandLow: Price;
      readonly bandHigh: Price;
      readonly weight: number;
      readonly volatility: number;
    }
  | { readonly ok: false; readonly code: string; readonly text: string };

export function targetOf(wanted: Wanted, book: Book, view: PortfolioView, config: PortfolioConfig): Target {
  const { symbol, direction } = wanted;
  const instrument = config.instruments.get(symbol);
  if (instrument === undefined) return no("NO_INSTRUMENT", `${symbol} is no instrument here`);
  const last = view.quotes.last(symbol);
  if (last === undefined) return no("NO_PRICE", `nobody has quoted ${symbol} yet`); // P10.portfolio-price
  const volatility = view.volatility(instrument);
  if (volatility === undefined) return no("NO_VOLATILITY", `too few bars of ${symbol} to know its volatility`); // P10.portfolio-volatility
  const equity = equityOf(
    book,
    marksOf(book, (held) => view.quotes.last(held)),
  );
  if (equity === undefined || equity.units <= 0n) return no("NO_EQUITY", "the account has no equity to allocate"); // P10.portfolio-equity
  const capital = toNumber(equity);
  const mid = (toNumber(last.bid) + toNumber(last.ask)) / 2;
  const weight = direction * Math.min(config.weightMax, config.targetVolatility / volatility.annual);
  const held = book.positions[symbol]?.quantity.units ?? 0n;
  const target = lots((weight * capital) / mid, instrument);
  const change = target - held;
  const value = Math.abs((Number(change) / 10 ** instrument.quantityScale) * mid);
  if (change === 0n || (target !== 0n && value < config.noTradeBand * capital)) {
    return no(
      "IN_PLACE",
      `what is held of ${symbol} is what is wanted, within ${config.noTradeBand * 100} % of equity`,
    );
  }
  const side = change > 0n ? "BUY" : "SELL";
  const width = Math.max(BAND_MIN, config.bandDeviations * volatility.perBar);
  return {
    ok: true,
    instrument,
    last,
    side,
    quantity: quantity(change > 0n ? change : -change, instrument.quantityScale),
    reduces: target === 0n || (held !== 0n && held > 0n === target > 0n && magnitude(target) < magnitude(held)),
    bandLow: edge(toNumber(last.bid) * (1 - width), instrument, "ceil"),
    bandHigh: edge(toNumber(last.ask) * (1 + width), instrument, "floor"),
    weight,
    volatility: volatility.annual,
  };
}

/** The narrowest band on either side of the touch: 0.1 %. */
const BAND_MIN = 0.001;

function lots(size: number, { quantityScale, lot }: Instrument): bigint {
  const units = BigInt(Math.trunc(size * 10 ** quantityScale));
  return units - (units % lot);
}

function edge(value: number, instrument: Instrument, rounding: "floor" | "ceil"): Price {
  const { units } = fromNumber(value, instrument.priceScale, rounding);
  return roundToTick(price(units, instrument.priceScale), instrument, rounding);
}

function magnitude(n: bigint): bigint {
  return n < 0n ? -n : n;
}

function no(code: string, text: string): Target {
  return { ok: false, code, text };
}
