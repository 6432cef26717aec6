/** What Policy said, by which rules, and what a person said to it. */
import type { ApprovalDecision, Escalated, OrderRejected, PermitIssued, RuleResult } from "@countersign/contracts";
import { Decision } from "@countersign/contracts";
import { formatFixed, moneyFromWire } from "@countersign/orders";
import { readApproval, readPermit } from "@countersign/permit";
import { askingRules, refusingRules } from "../refusing.ts";
import { nameOf } from "../told-words.ts";
import { type At, fact, hex, judged, time, UNKNOWN, type WhyStep } from "./node.ts";

export function rejectedStep({ code, explanation, rules }: OrderRejected, at: At): WhyStep {
  return {
    step: "policy",
    text: `refuses, ${code ?? UNKNOWN}: ${explanation ?? UNKNOWN}`,
    ...at,
    rules: sorted(rules),
  };
}

export function escalatedStep({ explanation, rules, expiresAtMs }: Escalated, at: At): WhyStep {
  const text = `asks a person, until ${time(expiresAtMs)}: ${explanation ?? UNKNOWN}`;
  return { step: "policy", text, ...at, rules: sorted(rules) };
}

export function permitSteps(
  { permit, explanation, rules, approvals, reserved }: PermitIssued,
  at: At,
): readonly WhyStep[] {
  const read = readPermit(permit?.payload ?? new Uint8Array());
  const amount = moneyFromWire(reserved);
  return [
    { step: "policy", text: `permits: ${explanation ?? UNKNOWN}`, ...at, rules: sorted(rules) },
    {
      step: "permit",
      text: `good for one use until ${time(read?.expiresAtMs)}${approvals.length === 0 ? "" : `, with ${approvals.length} approval`}`,
      ...at,
      facts: [
        fact("permit", read?.permitId),
        fact("signature", hex(permit?.signatures[0]?.sig).slice(0, SHORT_SIGNATURE)),
        fact("intent digest", hex(read?.intentDigest)),
        fact("policy version", hex(read?.policyVersion)),
        fact("halt epoch", read?.haltEpoch.toString()),
        fact("reserved", amount === undefined ? undefined : `${formatFixed(amount)} ${amount.currency}`),
      ],
    },
  ];
}

const SHORT_SIGNATURE = 16;

export function approvalStep({ approval, reason }: ApprovalDecision, at: At): WhyStep {
  const said = readApproval(approval?.payload ?? new Uint8Array());
  const verb = said === undefined ? UNKNOWN : said.decision === Decision.APPROVE ? "approved" : "rejected";
  const facts = [fact("approval", said?.approvalId), fact("halt epoch", said?.haltEpoch.toString())];
  return {
    step: "approval",
    text: `${verb} by ${nameOf(said?.approver ?? UNKNOWN)}${reason ? `: ${reason}` : ""}`,
    ...at,
    facts,
  };
}

/** Those that decided first, then what else was breached, then the table. */
function sorted(rules: readonly RuleResult[]) {
  const first = [...refusingRules(rules), ...askingRules(rules)];
  const breached = rules.filter((rule) => rule.breached === true && !first.includes(rule));
  const rest = rules.filter((rule) => !first.includes(rule) && !breached.includes(rule));
  return [...first, ...breached, ...rest].map(judged);
}
