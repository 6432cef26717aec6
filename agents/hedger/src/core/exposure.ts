/** What the book's positions would lose or gain with the hedge, and what would offset it. Floats end in whole lots. */
import { type Book, equityOf, marksOf } from "@countersign/ledger";
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
import type { HedgerConfig } from "../config.ts";
import type { Beta, HedgerView } from "./view.ts";

export interface Cover {
  readonly side: "BUY" | "SELL";
  readonly quantity: Quantity;
  readonly reduces: boolean;
  readonly bandLow: Price;
  readonly bandHigh: Price;
  readonly trigger: "beta" | "volatility" | "unwind";
  /** Σ β × value of what is covered, in the account's currency, before the hedge. */
  readonly exposure: number;
  readonly beta: Beta;
  /** |value| of what is covered. */
  readonly gross: number;
}

/** The order that would bring the uncovered exposure to nothing; undefined when it is inside its band, or nothing is known for certain. */
export function coverOf(book: Book, view: HedgerView, config: HedgerConfig): Cover | undefined {
  const { hedgeSymbol } = config;
  const instrument = hedgeSymbol === undefined ? undefined : config.instruments.get(hedgeSymbol);
  const last = hedgeSymbol === undefined ? undefined : view.quotes.last(hedgeSymbol);
  const equity = equityOf(
    book,
    marksOf(book, (symbol) => view.quotes.last(symbol)),
  );
  const perBar = view.hedgeVolatility;
  if (hedgeSymbol === undefined || instrument === undefined || last === undefined) return undefined;
  if (equity === undefined || equity.units <= 0n || perBar === undefined) return undefined;
  const exposed = exposureOf(book, view, config);
  if (exposed === undefined) return undefined;
  const mid = (toNumber(last.bid) + toNumber(last.ask)) / 2;
  const held = book.positions[hedgeSymbol]?.quantity.units ?? 0n;
  const heldValue = (Number(held) / 10 ** instrument.quantityScale) * mid;
  const uncovered = exposed.exposure + heldValue;
  const band = (view.stressed ? config.bandInStress : config.band) * toNumber(equity);
  const isUnwind = exposed.gross === 0 && held !== 0n;
  if (!isUnwind && Math.abs(uncovered) <= band) return undefined;
  const target = lots(-exposed.exposure / mid, instrument);
  const change = target - held;
  if (change === 0n) return undefined;
  const width = Math.max(BAND_MIN, config.bandDeviations * perBar);
  const trigger = isUnwind ? "unwind" : Math.abs(uncovered) > config.band * toNumber(equity) ? "beta" : "volatility";
  return {
    side: change > 0n ? "BUY" : "SELL",
    quantity: quantity(change > 0n ? change : -change, instrument.quantityScale),
    reduces: target === 0n || (held > 0n === target > 0n && held !== 0n && magnitude(target) < magnitude(held)),
    bandLow: edge(toNumber(last.bid) * (1 - width), instrument, "ceil"),
    bandHigh: edge(toNumber(last.ask) * (1 + width), instrument, "floor"),
    trigger,
    ...exposed,
  };
}

/** Undefined when a position has no price; a symbol without a believable beta counts as uncoverable, not as riskless. */
function exposureOf(
  book: Book,
  view: HedgerView,
  config: HedgerConfig,
): { exposure: number; gross: number; beta: Beta } | undefined {
  let exposure = 0;
  let gross = 0;
  let beta: Beta = { beta: 0, effectiveness: 0 };
  for (const { symbol, quantity: held } of Object.values(book.positions)) {
    if (symbol === config.hedgeSymbol) continue;
    const last = view.quotes.last(symbol);
    if (last === undefined) return undefined; // P10.hedger-price
    const known = view.betaOf(symbol);
    if (known === undefined || known.effectiveness < config.effectivenessMin) continue; // P10.hedger-beta
    const value = (toNumber(held) * (toNumber(last.bid) + toNumber(last.ask))) / 2;
    exposure += known.beta * value;
    gross += Math.abs(value);
    beta = known;
  }
  return { exposure, gross, beta };
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
