import type { LastQuote } from "@countersign/ledger";
import { type Price, toNumber } from "@countersign/orders";
import { type Account, bandAround, equityNow, midOf, type Trade, tradeTo, wholeLots } from "@countersign/proposer";
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
  const equity = equityNow(book, view.quotes);
  const { isUp, perBar } = view.stress;
  if (instrument === undefined || last === undefined || perBar === undefined) return undefined;
  if (equity === undefined || equity <= 0) return undefined;
  const exposure = exposureOf(book, view, config);
  if (exposure === undefined) return undefined;
  const held = book.positions[hedgeSymbol]?.quantity;
  const uncovered = Math.abs(exposure.value + (held === undefined ? 0 : toNumber(held)) * midOf(last));
  const isUnwind = exposure.gross === 0;
  const trigger = isUnwind ? "unwind" : uncovered > config.band * equity ? "beta" : "volatility";
  if (!isUnwind && uncovered <= (isUp ? config.bandInStress : config.band) * equity) return undefined;
  const trade = tradeTo(wholeLots(-exposure.value / midOf(last), instrument), held?.units ?? 0n, instrument);
  const band = bandAround(last, config.bandDeviations * perBar, instrument);
  return trade && { symbol: hedgeSymbol, trade, band, trigger, exposure, last };
}
