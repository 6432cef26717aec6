import { create } from "@bufbuild/protobuf";
import { type RuleResult, RuleResultSchema } from "@countersign/contracts";
import { type BookAfter, isReducing } from "./book-after.ts";
import type { Rule } from "./limits.ts";
import { type Measured, measure } from "./measure.ts";
import { type Action, actions, metricOf } from "./metrics.ts";
import { compareRational, fromFixed } from "./rational.ts";
import { isMissing, limitCode, type Missing, type PolicyCode } from "./refusal.ts";
import type { Scene } from "./scene.ts";
import { sentenceOf, valueText } from "./words.ts";

/** Every rule, judged; and what follows. Without `refusal` the order may pass, if a person agrees where `escalate` is set. */
export interface Judgement {
  readonly results: readonly RuleResult[];
  readonly refusal: { readonly code: PolicyCode; readonly explanation: string } | undefined;
  /** Sentences of the rules that want a person. */
  readonly escalate: readonly string[];
  readonly warnings: readonly string[];
  /** Rules that were breached and halt, and those of that kind that were not. */
  readonly halting: readonly { readonly rule: Rule; readonly breached: boolean }[];
}

export function judge(scene: Scene, after: BookAfter | Missing): Judgement {
  const reducing = isReducing(scene);
  const judged = [
    judgeSymbol(scene),
    ...scene.config.limits.rules.flatMap((rule) => judgeRule(rule, scene, after, reducing) ?? []),
  ];
  const [first] = judged
    .filter(({ effect }) => effect !== undefined && hardness(effect) >= hardness("reduce_only"))
    .toSorted((a, b) => hardness(b.effect) - hardness(a.effect));
  const sentences = (wanted: (one: Judged) => boolean) =>
    judged.filter(wanted).map(({ result }) => result.explanation ?? "");
  const refused = sentences(({ effect }) => effect !== undefined && hardness(effect) >= hardness("reduce_only"));
  return {
    results: judged.map(({ result }) => result),
    refusal: first === undefined ? undefined : { code: first.code, explanation: refused.join("; ") },
    escalate: sentences(({ effect }) => effect === "escalate"),
    warnings: sentences(({ effect }) => effect === "warn"),
    halting: judged.flatMap(({ rule, known, result }) =>
      rule?.action === "halt" && known ? [{ rule, breached: result.breached === true }] : [],
    ),
  };
}

interface Judged {
  readonly rule: Rule | undefined;
  readonly result: RuleResult;
  /** What it does to this order; undefined when nothing. An unknown value refuses, whatever the rule's action. */
  readonly effect: Action | "unknown" | undefined;
  readonly known: boolean;
  readonly code: PolicyCode;
}

function judgeRule(rule: Rule, scene: Scene, after: BookAfter | Missing, reducing: boolean): Judged | undefined {
  const value = measure(rule, scene, after);
  if (value === undefined) return undefined;
  const passes = reducing && metricOf(rule.metric).book;
  if (isMissing(value)) {
    const explanation = `${value.text}${passes ? ", but the order reduces risk" : ""}`;
    const result = resultOf(rule, scene, { value: "unknown", breached: !passes, explanation });
    return { rule, result, effect: passes ? undefined : "unknown", known: false, code: value.missing };
  }
  const breached = isBreached(rule, value);
  const explanation = [
    sentenceOf(rule, value, scene.money.currency),
    ...(breached && rule.explain !== undefined ? [`(${rule.explain})`] : []),
    ...(breached && passes ? ["but the order reduces risk"] : []),
  ].join(" ");
  const result = resultOf(rule, scene, { value: valueText(value), breached, explanation });
  return {
    rule,
    result,
    effect: breached && !passes ? rule.action : undefined,
    known: true,
    code: limitCode(rule.metric),
  };
}

/** Exactly as the comparator says: money and counts as fractions, statistics as float64. */
export function isBreached({ comparator, threshold, thresholdText }: Rule, value: Measured): boolean {
  const order =
    "exact" in value ? compareRational(value.exact, fromFixed(threshold)) : value.statistic - Number(thresholdText);
  switch (comparator) {
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
  }
}

/** The allow-list is a rule like the others, but that it is always there. */
function judgeSymbol({ config, order }: Scene): Judged {
  const breached = !config.limits.symbols.includes(order.symbol);
  const result = create(RuleResultSchema, {
    rule: "symbols",
    metric: "symbol",
    scope: `symbol:${order.symbol}`,
    value: order.symbol,
    comparator: "not in",
    threshold: config.limits.symbols.join(", "),
    breached,
    action: "reject",
    explanation: breached
      ? `${order.symbol} is not on the list of symbols that may be traded`
      : `${order.symbol} may be traded`,
  });
  return { rule: undefined, result, effect: breached ? "reject" : undefined, known: true, code: "SYMBOL_NOT_ALLOWED" };
}

function resultOf(
  rule: Rule,
  { order }: Scene,
  judged: { readonly value: string; readonly breached: boolean; readonly explanation: string },
): RuleResult {
  const scope = { account: `account:${order.account}`, symbol: `symbol:${order.symbol}`, strategy: order.principal };
  const { metric, comparator, thresholdText: threshold, action } = rule;
  return create(RuleResultSchema, {
    rule: rule.rule,
    metric,
    scope: scope[rule.scope],
    comparator,
    threshold,
    action,
    ...judged,
  });
}

/** What is unknown comes first: a limit that was not checked is worse than one that was breached. */
function hardness(effect: Action | "unknown" | undefined): number {
  return effect === "unknown" ? actions.length : effect === undefined ? -1 : actions.indexOf(effect);
}
