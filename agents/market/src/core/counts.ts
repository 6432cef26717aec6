/** What became of the rows of one symbol. */
export interface SymbolCounts {
  accepted: number;
  readonly dropped: Record<DropReason, number>;
  /** Prices that were off the tick and have been rounded. */
  roundedPrices: number;
}

/**
 * - `empty`: a price is missing (nothing, or the `null` of a Yahoo download)
 * - `notPositive`: a price or a traded size is zero or less, or would be with half the spread taken off
 * - `crossed`: bid above ask (bid = ask, locked, is accepted)
 * - `inconsistent`: a bar whose high or low is not the highest or lowest of its prices
 * - `stale`: older than a row before it in the file, or a bar that begins before the last one of its symbol has closed
 * - `outlier`: far from the last accepted prices, and not confirmed by the next ones
 */
export type DropReason = (typeof DROP_REASONS)[number];

const DROP_REASONS = ["empty", "notPositive", "crossed", "inconsistent", "stale", "outlier"] as const;

export function newCounts(): SymbolCounts {
  const dropped = { empty: 0, notPositive: 0, crossed: 0, inconsistent: 0, stale: 0, outlier: 0 };
  return { accepted: 0, dropped, roundedPrices: 0 };
}

export function addCounts(total: SymbolCounts, part: SymbolCounts): void {
  total.accepted += part.accepted;
  total.roundedPrices += part.roundedPrices;
  for (const reason of DROP_REASONS) total.dropped[reason] += part.dropped[reason];
}

/** One line for people: "XAUUSD: 265,015 accepted, 3 dropped (2 outlier, 1 stale), 4 prices rounded to the tick". */
export function describeCounts(symbol: string, counts: SymbolCounts): string {
  const number = (value: number) => value.toLocaleString("en-US");
  const reasons = DROP_REASONS.filter((reason) => counts.dropped[reason] > 0);
  const total = reasons.reduce((sum, reason) => sum + counts.dropped[reason], 0);
  const list = reasons.map((reason) => `${number(counts.dropped[reason])} ${reason}`).join(", ");
  const rounded = counts.roundedPrices > 0 ? `, ${number(counts.roundedPrices)} prices rounded to the tick` : "";
  return `${symbol}: ${number(counts.accepted)} accepted, ${number(total)} dropped${list ? ` (${list})` : ""}${rounded}`;
}
