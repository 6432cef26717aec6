import { create } from "@bufbuild/protobuf";
import { RuleResultSchema } from "@countersign/contracts";
import { describe, expect, it } from "vitest";
import { askingRules, refusingRules, ruleInShort } from "./refusing.ts";

const rule = (rule: string, action: string, { breached = true, value = "1", explanation = "" } = {}) =>
  create(RuleResultSchema, { rule, action, breached, value, explanation });
const names = (rules: readonly { rule?: string | undefined }[]) => rules.map(({ rule }) => rule);

describe("the rules that refused", () => {
  it("are those that do, the hardest first, then in the order of the table", () => {
    const rules = [
      rule("warns", "warn"),
      rule("asks", "escalate"),
      rule("reduces", "reduce_only"),
      rule("rejects", "reject"),
      rule("kept", "halt", { breached: false }),
      rule("halts", "halt"),
      rule("rejects too", "reject"),
    ];
    expect(names(refusingRules(rules))).toEqual(["halts", "rejects", "rejects too", "reduces"]);
    expect(names(askingRules(rules))).toEqual(["asks"]);
  });

  it("begin with what could not be measured, whatever it would do, and nobody is asked about it", () => {
    const rules = [
      rule("halts", "halt"),
      rule("unknown", "warn", { value: "unknown" }),
      rule("unasked", "escalate", { value: "unknown" }),
    ];
    expect(names(refusingRules(rules))).toEqual(["unknown", "unasked", "halts"]);
    expect(askingRules(rules)).toEqual([]);
  });

  it("are not those that let a reduction pass", () => {
    const explanation = "drawdown 16 %, has to be below 15 % but the order reduces risk";
    expect(refusingRules([rule("drawdown", "reduce_only", { explanation })])).toEqual([]);
  });
});

it("a rule in short is its sentence without the author's remark", () => {
  const explanation = "order 56,397.25 USD, limit 40,000 USD (an order this large needs a person's signature)";
  expect(ruleInShort(rule("large order", "escalate", { explanation }))).toBe("order 56,397.25 USD, limit 40,000 USD");
  expect(ruleInShort(rule("large order", "escalate"))).toBe("large order");
});
