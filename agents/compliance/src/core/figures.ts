/** The figures as people read them. What is not known is undefined, "—" in words and null in JSON, and never zero. */
import { type Fixed, formatFixed, type Money, money, toNumber } from "@countersign/orders";
import { DAILY, type Period } from "../config.ts";
import { type Counts, type Rates, ratesOf } from "./counts.ts";
import { type EquityPoint, equityNow } from "./equity.ts";
import { slippageBps } from "./slippage.ts";
import type { ComplianceState } from "./state.ts";
import { maxDrawdown, sharpeRatio } from "./track.ts";

export interface ComplianceFigures extends Counts, Rates {
  /** Leaves of the audit log. */
  readonly records: number;
  readonly slippageBps: number | undefined;
  /** Fills of orders whose quote is not known: not in `slippageBps`. */
  readonly fillsWithoutQuote: number;
  readonly deposits: Money | undefined;
  readonly equity: Money | undefined;
  /** equity − deposits = realised + unrealised − fees. */
  readonly profit: Money | undefined;
  readonly realised: Money | undefined;
  readonly unrealised: Money | undefined;
  readonly fees: Money | undefined;
  /** Σ of what was bought and of what was sold. */
  readonly traded: Money | undefined;
  /** One-way: half of `traded` ÷ the mean equity at the ends of periods. */
  readonly turnover: number | undefined;
  /** A non-positive fraction. */
  readonly maxDrawdown: number | undefined;
  /** Annualised, over `periods` returns of `period`. */
  readonly sharpe: number | undefined;
  readonly period: Period;
  readonly periods: number;
  /** Share of the periods that ended with an open position. */
  readonly timeInMarket: number | undefined;
  readonly equityCurve: readonly { readonly timeMs: number; readonly equity: Money }[];
  /** Why nothing is said about money. */
  readonly moneyUnknown: string | undefined;
}

export function figuresOf(
  { log, report }: Pick<ComplianceState, "log" | "report">,
  curve: readonly Omit<EquityPoint, "seq">[],
  period: Period = DAILY,
): ComplianceFigures {
  const { counts, slippage, equity: account } = report;
  const { book, track, unknown } = account;
  const amount = (units: bigint): Money | undefined =>
    book.money === undefined || unknown !== undefined ? undefined : money(units, book.money.scale, book.money.currency);
  const equity = equityNow(account);
  const traded = amount(account.traded);
  const meanEquity = track.periods === 0 ? undefined : track.equitySum / track.periods;
  return {
    ...counts,
    records: log.tree.size,
    ...ratesOf(counts),
    slippageBps: slippageBps(slippage),
    fillsWithoutQuote: slippage.unknownFills,
    deposits: amount(book.deposits),
    equity,
    profit: equity && amount(equity.units - book.deposits),
    realised: amount(book.realised),
    unrealised: equity && amount(equity.units - book.deposits - book.realised + book.fees),
    fees: amount(book.fees),
    traded,
    turnover: traded && meanEquity && toNumber(traded) / 2 / meanEquity,
    maxDrawdown: unknown === undefined ? maxDrawdown(track) : undefined,
    sharpe: unknown === undefined ? sharpeRatio(track, period.perYear) : undefined,
    period,
    periods: track.periods,
    timeInMarket: track.periods === 0 || unknown !== undefined ? undefined : track.periodsInMarket / track.periods,
    equityCurve: curve.map(({ timeMs, equity: at }) => ({ timeMs, equity: at })),
    moneyUnknown: unknown,
  };
}

/** For files: money as decimal strings, what is not known as null. */
export function figuresToJson(figures: ComplianceFigures): Readonly<Record<string, unknown>> {
  const { equityCurve, ...rest } = figures;
  const entries = Object.entries(rest).map(([name, value]) => [name, plain(value)]);
  const curve = equityCurve.map(({ timeMs, equity }) => [new Date(timeMs).toISOString(), formatFixed(equity)]);
  return { ...Object.fromEntries(entries), equityCurve: curve };
}

/** For people: label and words, in the order of a report. */
export function figuresInWords(figures: ComplianceFigures): readonly (readonly [label: string, words: string])[] {
  const { permits, rejections, escalations, orders, ordersFilled, fills, hedges, periods, period } = figures;
  const cash = (value: Money | undefined) => (value === undefined ? DASH : `${formatFixed(value)} ${value.currency}`);
  return [
    ["records on the audit log", String(figures.records)],
    ["verdicts", `${permits} permits, ${rejections} rejections, ${escalations} escalations`],
    ["approval rate", percent(figures.approvalRate)],
    ["rejections by rule", countsInWords(figures.rejectionsByRule)],
    ["rejections by code", countsInWords(figures.rejectionsByCode)],
    ["success rate of orders", percent(figures.successRate)],
    ["orders", `${orders}, ${ordersFilled} filled, refused: ${countsInWords(figures.ordersRefused)}`],
    ["fills, hedges", `${fills}, ${hedges}`],
    ["slippage", fixed(figures.slippageBps, 2, " bps")],
    ["equity", cash(figures.equity)],
    ["profit", cash(figures.profit)],
    ["realised, unrealised, fees", [figures.realised, figures.unrealised, figures.fees].map(cash).join(", ")],
    ["max drawdown", percent(figures.maxDrawdown)],
    ["Sharpe ratio", `${fixed(figures.sharpe, 2)} (${periods} returns of ${duration(period.lengthMs)}, annualised)`],
    ["turnover", `${fixed(figures.turnover, 2)} (one-way, of the mean equity)`],
    ["time in market", percent(figures.timeInMarket)],
  ];
}

const DASH = "—";

function fixed(value: number | undefined, digits: number, unit = ""): string {
  return value === undefined ? DASH : `${value.toFixed(digits)}${unit}`;
}

function percent(value: number | undefined): string {
  return value === undefined ? DASH : fixed(value * 100, 1, " %");
}

/** "PERMIT_EXPIRED 3, HALTED 1": the most frequent first. */
export function countsInWords(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  const sorted = some.sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return sorted.length === 0 ? "none" : sorted.map(([name, count]) => `${name} ${count}`).join(", ");
}

function duration(lengthMs: number): string {
  return lengthMs % 86_400_000 === 0 ? `${lengthMs / 86_400_000} d` : `${lengthMs / 60_000} min`;
}

function plain(value: unknown): unknown {
  if (value === undefined) return null;
  return isFixed(value) ? formatFixed(value) : value;
}

function isFixed(value: unknown): value is Fixed {
  return typeof value === "object" && value !== null && "units" in value && "scale" in value;
}
