import { type BookAfter, exposure, grossExposure, notionalOf, quoteOf, workingOrders } from "./book-after.ts";
import type { Rule } from "./limits.ts";
import { fromFixed, minus, over, plus, type Rational } from "./rational.ts";
import { permitsOf } from "./recent.ts";
import { isMissing, type Missing, missing } from "./refusal.ts";
import type { Scene } from "./scene.ts";
import type { Equity, Permits } from "./state.ts";
import { barsADay, valueAtRisk } from "./value-at-risk.ts";

/** Exact where it is money or counted; a float64 where it is a statistic. */
export type Measured = { readonly exact: Rational } | { readonly statistic: number };

/** What the rule measures, of the book after the trade. Undefined: the rule does not speak of this order. Unknown is never zero. */
export function measure(rule: Rule, scene: Scene, after: BookAfter | Missing): Measured | Missing | undefined {
  switch (rule.metric) {
    case "order_notional":
      return exact(familyNotional(scene));
    case "liquidity":
      return liquidity(scene);
    case "order_rate":
      return exact({ num: BigInt(permitsInAMinute(scene, rule)) + 1n, den: 1n });
    case "audit_lag":
      return exact({ num: BigInt(scene.auditTrailing), den: 1n });
    case "confidence":
      return confidence(scene, rule);
    case "volatility":
      return volatility(scene, rule);
    default:
      return isMissing(after) ? after : measureBook(rule, scene, after);
  }
}

function measureBook(rule: Rule, scene: Scene, after: BookAfter): Measured | Missing {
  const own = after.positions.get(scene.order.symbol);
  if (own === undefined) throw new Error("broken invariant: the book after the trade has the order's symbol");
  switch (rule.metric) {
    case "position":
      return exact(over(exposure(own), after.equity));
    case "gross_exposure":
      return exact(rule.scope === "symbol" ? exposure(own) : grossExposure(after));
    case "leverage":
      return exact(over(grossExposure(after), after.equity));
    case "quote_age":
      return exact(quoteAge(scene, rule.scope === "symbol" ? [own] : [...after.positions.values()]));
    case "var_historical":
    case "var_parametric":
      return statistic(valueAtRisk(scene, after, rule));
    default:
      return measureDay(rule, scene, after);
  }
}

function measureDay(rule: Rule, scene: Scene, after: BookAfter): Measured | Missing {
  const { equity } = scene.state;
  if (equity === undefined || equity.dayStart <= 0n) return missing("NO_EQUITY", "the day began without equity");
  switch (rule.metric) {
    case "daily_loss":
      return exact(lossSince(equity.dayStart, after, scene));
    case "drawdown":
      return exact(lossSince(equity.peak, after, scene));
    case "turnover":
      return exact(turnover(scene, rule, equity));
    default:
      throw new Error(`broken invariant: ${rule.metric} is measured nowhere`);
  }
}

/** With every other order of the same parent: a large order does not become small by being cut up. */
function familyNotional({ state, order, money }: Scene): Rational {
  const family = state.families[order.parent]?.notional ?? 0n;
  return plus(notionalOf({ ...order, leaves: order.quantity }), fromFixed({ units: family, scale: money.scale }));
}

function liquidity(scene: Scene): Measured | Missing {
  const { order } = scene;
  const quote = quoteOf(scene, order.symbol);
  const size = order.side === "BUY" ? quote?.askSize : quote?.bidSize;
  if (size === undefined || size.units <= 0n) {
    return missing("NO_LIQUIDITY", `no size is displayed for ${order.symbol}`); // P10.liquidity
  }
  return exact(over(fromFixed(order.quantity), fromFixed(size)));
}

function permitsInAMinute({ state, order, nowMs }: Scene, { scope }: Rule): number {
  const isMeant = ({ symbol, principal }: Pick<Permits, "symbol" | "principal">) =>
    scope === "account" || (scope === "symbol" ? symbol === order.symbol : principal === order.principal);
  return permitsOf(state.recent, isMeant, nowMs);
}

function confidence({ order, intent }: Scene, { scope }: Rule): Measured | Missing | undefined {
  if (scope === "strategy" && !order.principal.startsWith("strategy:")) return undefined;
  const value = intent.confidence;
  if (value === undefined || !Number.isFinite(value)) {
    return missing("NO_CONFIDENCE", "the proposer does not say how certain it is"); // P10.confidence
  }
  return statistic(value);
}

function volatility(scene: Scene, { window = 0 }: Rule): Measured | Missing {
  const { symbol } = scene.order;
  const perBar = scene.view.symbols.get(symbol)?.volatilities.get(window)?.value;
  if (perBar === undefined) {
    return missing("NO_VOLATILITY", `fewer than ${window} returns of ${symbol} are known, or none moved`); // P10.volatility
  }
  return statistic(perBar * Math.sqrt(scene.instrument.tradingDaysPerYear * barsADay(scene, symbol)));
}

function quoteAge(
  { nowMs }: Scene,
  positions: readonly { readonly quote: { readonly eventTimeMs: number } }[],
): Rational {
  const oldest = Math.min(...positions.map(({ quote }) => quote.eventTimeMs));
  return { num: BigInt(Math.max(0, nowMs - oldest)), den: 1000n };
}

/** Of the equity as it is: what might be lost in the trade is no loss yet, and shall halt nobody. */
function lossSince(before: bigint, { equityNow }: BookAfter, { money }: Scene): Rational {
  const then = fromFixed({ units: before, scale: money.scale });
  return over(minus(then, equityNow), then);
}

function turnover(scene: Scene, { scope }: Rule, equity: Equity): Rational {
  const { order, money } = scene;
  const name = scope === "symbol" ? order.symbol : scope === "strategy" ? order.principal : "";
  const filled = equity.turnover[turnoverKey(scope, name)] ?? 0n;
  const open = workingOrders(scene).filter(
    (other) =>
      scope === "account" || (scope === "symbol" ? other.symbol === order.symbol : other.principal === order.principal),
  );
  const total = open.map(notionalOf).reduce(plus, fromFixed({ units: filled, scale: money.scale }));
  return over(total, fromFixed({ units: equity.dayStart, scale: money.scale }));
}

/** Under which the day's turnover is kept. */
export function turnoverKey(scope: Rule["scope"], name: string): string {
  if (scope === "account") return "account";
  return scope === "symbol" ? `symbol:${name}` : `principal:${name}`;
}

function exact(value: Rational): Measured {
  return { exact: value };
}

/** A number that is none is unknown: every comparison with NaN is false, and would allow. */
function statistic(value: number | Missing): Measured | Missing {
  if (typeof value !== "number") return value;
  return Number.isFinite(value) ? { statistic: value } : missing("NO_VAR", "the estimate is no number");
}
