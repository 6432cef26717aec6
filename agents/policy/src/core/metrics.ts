/**
 * What a rule may measure. One row a metric: all that the limits file, the judge and the sentences have to know about it. How it is
 * measured stands in measure.ts.
 */
const metrics = {
  /** |position| at its mark ÷ equity, after the trade, worst case over partial fills. */
  position: { noun: "position", unit: "share", of: "equity", scopes: ["symbol"], limit: "most", book: true },
  /** Σ |position| at its mark, after the trade, worst case. */
  gross_exposure: { noun: "gross exposure", unit: "money", scopes: ["account", "symbol"], limit: "most", book: true },
  /** Gross exposure of the account ÷ equity. */
  leverage: { noun: "leverage", unit: "multiple", scopes: ["account"], limit: "most", book: true },
  /** Quantity × the worst price the order allows, with every other order of the same parent. */
  order_notional: { noun: "order", unit: "money", scopes: ["account"], limit: "most", book: false },
  /** What was lost since the last equity seen on an earlier UTC date, as a share of that. Realised and unrealised. */
  daily_loss: { noun: "loss today", unit: "share", of: "equity", scopes: ["account"], limit: "most", book: true },
  /** What was lost since the highest equity seen, as a share of that. */
  drawdown: { noun: "drawdown", unit: "share", of: "peak equity", scopes: ["account"], limit: "most", book: true },
  /** One-day value at risk after the trade ÷ equity, by the order statistic of past returns. */
  var_historical: {
    noun: "one-day VaR",
    unit: "statistic",
    of: "equity",
    scopes: ["account", "symbol"],
    limit: "most",
    book: true,
    window: true,
    confidence: true,
  },
  /** The same from mean and deviation of past returns, as if they were normal. */
  var_parametric: {
    noun: "one-day VaR",
    unit: "statistic",
    of: "equity",
    scopes: ["account", "symbol"],
    limit: "most",
    book: true,
    window: true,
    confidence: true,
  },
  /** Realised volatility of the order's symbol, annualised. */
  volatility: {
    noun: "volatility",
    unit: "statistic",
    of: "a year",
    scopes: ["symbol"],
    limit: "most",
    book: true,
    window: true,
  },
  /** What the proposer says of its own certainty. Scope `strategy`: of orders on behalf of a strategy alone. */
  confidence: { noun: "confidence", unit: "number", scopes: ["account", "strategy"], limit: "least", book: true },
  /** Σ |Δ| of the UTC day, bought and sold (two-sided), with all open orders, ÷ the day's first equity. */
  turnover: {
    noun: "turnover today",
    unit: "share",
    of: "equity",
    scopes: ["account", "symbol", "strategy"],
    limit: "most",
    book: true,
  },
  /** Size of the order ÷ the size displayed at the price it would trade at. */
  liquidity: { noun: "order", unit: "share", of: "the displayed size", scopes: ["symbol"], limit: "most", book: false },
  /** Permits of the last minute of decision time, this one included. */
  order_rate: {
    noun: "orders in a minute",
    unit: "count",
    scopes: ["account", "symbol", "strategy"],
    limit: "most",
    book: false,
  },
  /** Records of Policy that no checkpoint of Compliance names yet. Without a rule a thousand refuse. */
  audit_lag: { noun: "records not in the audit log", unit: "count", scopes: ["account"], limit: "most", book: true },
  /** Age of the oldest quote that a value rests on, seconds. */
  quote_age: { noun: "age of the quote", unit: "seconds", scopes: ["account", "symbol"], limit: "most", book: true },
} as const satisfies Readonly<Record<string, Metric>>;

export interface Metric {
  /** In sentences. */
  readonly noun: string;
  readonly unit: "money" | "share" | "multiple" | "count" | "seconds" | "number" | "statistic";
  /** What a share is a share of. */
  readonly of?: string;
  readonly scopes: readonly Scope[];
  /** Whether the threshold is the most or the least that is allowed. */
  readonly limit: "most" | "least";
  /**
   * Whether it speaks of the book and the market. Such a rule lets a risk-reducing order pass, as it would keep a position that is
   * over the limit from ever coming back. A rule about the order itself (its size, its symbol, its rate) holds for every
   * order: a reduction can be split, or wait a minute.
   */
  readonly book: boolean;
  /** Options that its rules have to give. */
  readonly window?: true;
  readonly confidence?: true;
}

export type MetricName = keyof typeof metrics;
export type Scope = "account" | "symbol" | "strategy";
export type Comparator = ">" | ">=" | "<" | "<=";
export type Action = "warn" | "escalate" | "reduce_only" | "reject" | "halt";

export const metricNames = Object.keys(metrics) as MetricName[];
/** From the mildest to the hardest. */
export const actions: readonly Action[] = ["warn", "escalate", "reduce_only", "reject", "halt"];

export function metricOf(name: MetricName): Metric {
  return metrics[name];
}

/** A rule is breached when its value stands in this relation to the threshold. */
export function comparatorsOf(metric: Metric): readonly Comparator[] {
  return metric.limit === "most" ? [">", ">="] : ["<", "<="];
}
