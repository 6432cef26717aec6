import { formatFixed, type Instrument, type Order } from "@countersign/orders";
import type { Rule } from "./limits.ts";
import type { Measured } from "./measure.ts";
import { metricOf } from "./metrics.ts";
import { compareRational, decimalText, fromFixed, type Rational } from "./rational.ts";

/** "position 61 % of equity, limit 60 %". The two numbers look different whenever they are. */
export function sentenceOf(rule: Rule, value: Measured, currency: string): string {
  const { noun, unit, of } = metricOf(rule.metric);
  const [measured, threshold] = pairOfTexts(unit, value, fromFixed(rule.threshold), currency);
  const wanted = { ">": "limit", ">=": "has to be below", "<": "at least", "<=": "has to be above" }[rule.comparator];
  const statement =
    unit === "count"
      ? `${measured} ${noun}`
      : `${noun} ${measured}${of === undefined ? "" : ` ${of === "a year" ? of : `of ${of}`}`}`;
  return `${statement}, ${wanted} ${threshold}`;
}

/** As it is recorded: exact where it is money, at most 9 decimals else. */
export function valueText(value: Measured): string {
  return "exact" in value ? trim(decimalText(value.exact, 9)) : trim(value.statistic.toFixed(9));
}

/** "BUY 350 AAPL at 131.50 USD or better, at once or not at all, worth at most 46,025.00 USD". */
export function orderInWords(order: Order, instrument: Instrument): string {
  const { side, quantity, symbol, limitPrice, stopPrice } = order;
  const stop = stopPrice === undefined ? "" : `, when it trades at ${trim(formatFixed(stopPrice))}`;
  const times = { IOC: "at once, the rest cancelled", FOK: "at once and whole, or not at all", GTC: "until cancelled" };
  const worth = decimalText(
    { num: limitPrice.units * quantity.units, den: 10n ** BigInt(limitPrice.scale + quantity.scale) },
    2,
  );
  return `${side} ${trim(formatFixed(quantity))} ${symbol} at ${formatFixed(limitPrice)} ${instrument.currency} or better${stop}, ${times[order.timeInForce]}${order.reduceOnly ? ", only to reduce" : ""}, worth at most ${group(worth)} ${instrument.currency}`;
}

/** 46025.00 as 46,025.00. */
export function group(text: string): string {
  return text.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ",");
}

/** Rounded as people like it, and finer as long as rounding would make two different numbers look the same. */
function pairOfTexts(unit: string, value: Measured, threshold: Rational, currency: string): readonly [string, string] {
  const { exact, percent } = shownAs(unit, value);
  const limit = percent ? hundredfold(threshold) : threshold;
  const limitText = trim(decimalText(limit, 9));
  let text = "";
  for (let decimals = unit === "money" ? 2 : percent ? 1 : 2; decimals <= 9; decimals += 1) {
    text = decimalText(exact, decimals);
    if (compareRational(exact, limit) === 0 || trim(text) !== limitText) break;
  }
  const suffix = percent ? " %" : unit === "money" ? ` ${currency}` : unit === "seconds" ? " s" : "";
  const shown = unit === "money" ? group(text) : trim(text);
  return [`${shown}${suffix}`, `${unit === "money" ? group(limitText) : limitText}${suffix}`];
}

function shownAs(unit: string, value: Measured): { readonly exact: Rational; readonly percent: boolean } {
  const exact = "exact" in value ? value.exact : { num: BigInt(Math.round(value.statistic * 1e12)), den: 10n ** 12n };
  const percent = unit === "share" || unit === "statistic";
  return { exact: percent ? hundredfold(exact) : exact, percent };
}

function hundredfold({ num, den }: Rational): Rational {
  return { num: num * 100n, den };
}

/** Without zeros that say nothing. */
function trim(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
