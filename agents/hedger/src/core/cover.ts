import type { LastQuote } from "@countersign/ledger";
import type { Price } from "@countersign/orders";
import { type Account, bandAround, midOf, type Trade, tradeTo, wholeLots, worthNow } from "@countersign/proposer";
import type { HedgerConfig } from "../config.ts";
import { type Exposure, exposureOf } from "./exposure.ts";
import type { HedgerView } from "./view.ts";

/** The order that brings the uncovered exposure to nothing, and why. */
export interface Cover {
  readonly symbol: string;
  readonly trade: Trade;
  readonly band: { readonly low: Price; readonly high: Price };
  /** `beta`: it exceeds the quiet band; `volatility`: only the narrow one; `unwind`: nothing is left that the hedge covers. */
  readonly trigger: "beta" | "volatility" | "unwind";
  readonly exposure: Exposure;
  readonly last: LastQuote;
}

/** Undefined when it is inside its band, or when something that has to be known is not. */
export function coverOf({ book }: Account, view: HedgerView, config: HedgerConfig): Cover | undefined {
  const { hedgeSymbol = "" } = config;
  const instrument = config.instruments.get(hedgeSymbol);
  const last = view.quotes.last(hedgeSymbol);
  const worth = worthNow(book, view.quotes);
  const { isUp, perBar } = view.stress;
  if (instrument === undefined || perBar === undefined || worth === undefined || worth.equity <= 0) return undefined;
  if (last === undefined) return undefined; // P10.hedger-price
  const { equity, positions } = worth;
  const exposure = exposureOf(positions, view, hedgeSymbol);
  const held = book.positions[hedgeSymbol]?.quantity.units ?? 0n;
  const uncovered = Math.abs(exposure.value + (positions[hedgeSymbol] ?? 0));
  const isUnwind = exposure.gross === 0;
  const trigger = isUnwind ? "unwind" : uncovered > config.band * equity ? "beta" : "volatility";
  if (!isUnwind && uncovered <= (isUp ? config.bandInStress : config.band) * equity) return undefined;
  const trade = tradeTo(wholeLots(-exposure.value / midOf(last), instrument), held, instrument);
  const band = bandAround(last, config.bandDeviations * perBar, instrument);
  return trade && { symbol: hedgeSymbol, trade, band, trigger, exposure, last };
}
