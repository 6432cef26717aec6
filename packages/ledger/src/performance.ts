import type { BookedDeposit } from "./book.ts";
import type { BookedFill } from "./fill.ts";
import type { Mark } from "./marks.ts";

/**
 * The money identity's right side: deposits + realised + unrealised − fees, from deposits and fills alone. It has its own average
 * cost and its own rounding, reads no posting and no Book, and imports types only: an error in the arithmetic of the one side is
 * not repeated on the other.
 */
export interface Performance {
  /** Of the first deposit. */
  readonly moneyScale: number | undefined;
  readonly deposits: bigint;
  readonly realised: bigint;
  readonly fees: bigint;
  /** By symbol; closed ones stay, at zero. Size in units of 10^-9, signed; basis is what it cost, signed. */
  readonly holdings: Readonly<Record<string, { readonly size: bigint; readonly basis: bigint }>>;
}

export function emptyPerformance(): Performance {
  return { moneyScale: undefined, deposits: 0n, realised: 0n, fees: 0n, holdings: {} };
}

export function performDeposit(past: Performance, { amount }: BookedDeposit): Performance {
  const moneyScale = past.moneyScale ?? amount.scale;
  return { ...past, moneyScale, deposits: past.deposits + toScale(amount.units, amount.scale, moneyScale) };
}

/** The fill was accepted by the Book: its account has a deposit and its currency is the account's. */
export function performFill(past: Performance, fill: BookedFill): Performance {
  const moneyScale = past.moneyScale ?? fill.commission.scale;
  const buys = fill.side === "BUY";
  const fillSize = fill.quantity.units * 10n ** BigInt(9 - fill.quantity.scale);
  const amount = toScale(fill.quantity.units * fill.price.units, fill.quantity.scale + fill.price.scale, moneyScale);
  const holding = past.holdings[fill.symbol] ?? { size: 0n, basis: 0n };

  let { size, basis } = holding;
  let realised = 0n;
  let openSize = fillSize;
  let openAmount = amount;
  const reduces = buys ? size < 0n : size > 0n;
  if (reduces) {
    const heldSize = buys ? -size : size;
    const closeSize = heldSize < fillSize ? heldSize : fillSize;
    const closeAmount = (amount * closeSize) / fillSize;
    // Of a long: what was paid. Of a short: what was received.
    const average = ((buys ? -basis : basis) * closeSize) / heldSize;
    realised = buys ? average - closeAmount : closeAmount - average;
    size += buys ? closeSize : -closeSize;
    basis += buys ? average : -average;
    openSize -= closeSize;
    openAmount -= closeAmount;
  }
  size += buys ? openSize : -openSize;
  basis += buys ? openAmount : -openAmount;
  return {
    ...past,
    moneyScale,
    realised: past.realised + realised,
    fees: past.fees + toScale(fill.commission.units, fill.commission.scale, moneyScale),
    holdings: { ...past.holdings, [fill.symbol]: { size, basis } },
  };
}

/** Units of the money scale; undefined when nothing was deposited or an open position has no mark. */
export function performance(past: Performance, marks: readonly Mark[]): bigint | undefined {
  if (past.moneyScale === undefined) return undefined;
  let equity = past.deposits + past.realised - past.fees;
  for (const [symbol, { size, basis }] of Object.entries(past.holdings)) {
    if (size === 0n) continue;
    const mark = marks.find((candidate) => candidate.symbol === symbol)?.price;
    if (mark === undefined) return undefined;
    equity += toScale(size * mark.units, 9 + mark.scale, past.moneyScale) - basis;
  }
  return equity;
}

/** Half-even, by doubling what is left over. */
function toScale(units: bigint, from: number, to: number): bigint {
  if (from <= to) return units * 10n ** BigInt(to - from);
  if (units < 0n) return -toScale(-units, from, to);
  const unit = 10n ** BigInt(from - to);
  const floor = units / unit;
  const left = (units % unit) * 2n;
  if (left < unit) return floor;
  if (left > unit) return floor + 1n;
  return floor % 2n === 0n ? floor : floor + 1n;
}
