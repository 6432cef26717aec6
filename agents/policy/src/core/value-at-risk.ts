import { HistoricalVar, ParametricVar } from "@countersign/quant";
import type { BookAfter, PositionAfter } from "./book-after.ts";
import type { Rule } from "./limits.ts";
import { toFloat } from "./rational.ts";
import { type Missing, missing } from "./refusal.ts";
import type { Scene } from "./scene.ts";

/**
 * One-day value at risk of the book after the trade ÷ equity: a positive number is a loss. Every symbol's past returns are applied to
 * what is held of it now, bar by bar, and the loss of the whole book is what counts, so that a hedge counts as one.
 *
 * The worst case over partial fills is the worst corner: each symbol with all its buys, or all its sells, filled. The parametric
 * VaR is convex, so no point between corners is worse; of the historical one, an order statistic, that is not a theorem.
 * Bars shorter than a day are scaled by √(bars a day), which holds for independent returns alone.
 */
export function valueAtRisk(scene: Scene, after: BookAfter, rule: Rule): number | Missing {
  const window = rule.window ?? 0;
  const chosen = [...after.positions].filter(([symbol]) => rule.scope === "account" || symbol === scene.order.symbol);
  const parts = chosen.map(([symbol, position]) => ({ symbol, corners: corners(position) }));
  const held = parts.filter((part) => part.corners.some((value) => value !== 0));
  if (held.length === 0) return 0;
  const history = commonReturns(
    scene,
    held.map(({ symbol }) => symbol),
    window,
  );
  if (history === undefined) {
    const names = held.map(({ symbol }) => symbol).join(" and ");
    return missing("NO_VAR", `fewer than ${window} returns of ${names} are known`); // P10.var
  }
  const equity = toFloat(after.equity);
  const worst = worstTailLoss(
    rule,
    history,
    held.map((part) => part.corners),
  );
  if (worst === undefined) return missing("NO_VAR", `the last ${window} returns do not move`);
  return (worst / equity) * Math.sqrt(barsADay(scene, held[0]?.symbol ?? ""));
}

/** How often a bar of this symbol fits into its trading day; 1 for bars of a day or longer. */
export function barsADay({ view, config }: Scene, symbol: string): number {
  const barMs = view.symbols.get(symbol)?.barMs;
  const hours = config.instruments.get(symbol)?.tradingHoursPerDay;
  if (barMs === undefined || hours === undefined) return 1;
  return Math.max(1, (hours * 3_600_000) / barMs);
}

function corners({ low, high }: PositionAfter): readonly number[] {
  const [a, b] = [toFloat(low), toFloat(high)];
  return a === b ? [a] : [a, b];
}

function worstTailLoss(
  rule: Rule,
  history: readonly (readonly number[])[],
  ends: readonly (readonly number[])[],
): number | undefined {
  const loss = (values: readonly number[]): number | undefined =>
    tailLoss(
      rule,
      history.map((row) => row.reduce((sum, r, index) => sum + r * (values[index] ?? 0), 0)),
    );
  if (ends.filter((list) => list.length > 1).length <= CORNERS_MAX) return worstOf(combinations(ends).map(loss));
  // Undiversified: the sum of each symbol's own worst. Risk is subadditive, so this is never less.
  const alone = ends.map((list, symbol) =>
    worstOf(list.map((value) => loss(ends.map((_, at) => (at === symbol ? value : 0))))),
  );
  return alone.some((value) => value === undefined)
    ? undefined
    : (alone as number[]).reduce((sum, value) => sum + value, 0);
}

/** 2^5 corners of 250 bars take about a millisecond. */
const CORNERS_MAX = 5;

function worstOf(values: readonly (number | undefined)[]): number | undefined {
  return values.some((value) => value === undefined) ? undefined : Math.max(...(values as number[]));
}

/** Every choice of one value of each list. */
function combinations(lists: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return lists.reduce<readonly (readonly number[])[]>(
    (rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])),
    [[]],
  );
}

/** The last `window` bars that all symbols have in common: a row a bar, a column a symbol. */
function commonReturns({ view }: Scene, symbols: readonly string[], window: number): number[][] | undefined {
  const series = symbols.map((symbol) => view.symbols.get(symbol)?.returns ?? []);
  const next = series.map((list) => list.length - 1);
  const rows: number[][] = [];
  while (rows.length < window) {
    const times = series.map((list, index) => list[next[index] ?? -1]?.timeMs);
    if (times.some((time) => time === undefined)) return undefined;
    const earliest = Math.min(...(times as number[]));
    const together = times.every((time) => time === earliest);
    if (together) rows.push(series.map((list, index) => list[next[index] ?? -1]?.value ?? 0));
    for (const [index, time] of times.entries())
      if (together || time !== earliest) next[index] = (next[index] ?? 0) - 1;
  }
  return rows.reverse();
}

function tailLoss({ metric, window = 0, confidence = 0 }: Rule, pnl: readonly number[]): number | undefined {
  if (pnl.every((amount) => amount === 0)) return 0;
  const estimator =
    metric === "var_historical"
      ? new HistoricalVar({ length: window, confidence, convention: "R1" })
      : new ParametricVar({ length: window, confidence });
  for (const amount of pnl) estimator.update(amount);
  return estimator.value?.var;
}
