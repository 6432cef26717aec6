/** Of the rules that Policy judged, those that decided: the first is the one it named in its code. */
import type { RuleResult } from "@countersign/contracts";

/** Those that refuse, the hardest first, and in the order of the table. What could not be measured comes before all: it was not checked. */
export function refusingRules(rules: readonly RuleResult[]): readonly RuleResult[] {
  return rules.filter((rule) => hardness(rule) > 0).toSorted((a, b) => hardness(b) - hardness(a));
}

/** Those that want a person. */
export function askingRules(rules: readonly RuleResult[]): readonly RuleResult[] {
  return rules.filter((rule) => bites(rule) && rule.value !== UNKNOWN && rule.action === "escalate");
}

/** "position 61 % of equity, limit 60 %": the sentence without what the table says about the rule. */
export function ruleInShort({ explanation, rule, code = rule ?? "" }: RuleResult & { code?: string }): string {
  return explanation?.replace(/ \(.*\)$/s, "") || code;
}

/** A breach that the order may pass, because it reduces risk, is told by its sentence alone. */
function bites({ breached, explanation }: RuleResult): boolean {
  return breached === true && explanation?.endsWith("but the order reduces risk") !== true;
}

function hardness(rule: RuleResult): number {
  if (!bites(rule)) return 0;
  return rule.value === UNKNOWN ? HARDNESS.length : HARDNESS.indexOf(rule.action ?? "");
}

const UNKNOWN = "unknown";
/** From the mildest that refuses; the others are at most before it. */
const HARDNESS = ["", "reduce_only", "reject", "halt"];
