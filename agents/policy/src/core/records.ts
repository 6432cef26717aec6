/** What Policy says, as effects: one place for topics, types and keys. */
import { create, type Message } from "@bufbuild/protobuf";
import { DecisionMadeSchema, RefusedSchema } from "@countersign/contracts";
import type { Cause, Effect, PublishEffect } from "@countersign/runtime";

export const AGENT = "policy";

/** A verdict; as the answer to the call, the very record that the topic carries. */
export function verdict(
  said: { readonly type: string; readonly payload: Message; readonly intent: string },
  to: { readonly account: string; readonly reply?: true; readonly cause?: Cause },
): PublishEffect {
  const { account: key, ...rest } = to;
  return { kind: "publish", topic: "risk.policy.v1", key, ...said, ...rest };
}

/** A refusal that ends no order. */
export function refused(
  subject: string,
  why: { readonly code: string; readonly text: string },
  of: { readonly sender: string; readonly type: string },
): PublishEffect {
  const { code, text: explanation } = why;
  const payload = create(RefusedSchema, { subject, code, place: AGENT, explanation, ...of });
  return { kind: "publish", topic: AUDIT, key: AGENT, type: "decision.refused", payload, intent: "REFUSE" };
}

/** A decision that is no other message. */
export function decided(subject: string, decision: string, explanation: string): PublishEffect {
  const payload = create(DecisionMadeSchema, { subject, decision, explanation });
  return { kind: "publish", topic: AUDIT, key: AGENT, type: "decision.made", payload, intent: "RECORD" };
}

export function alert(code: string, text: string): Effect {
  return { kind: "alert", code, text };
}

export function approvalTimer(approvalId: string): string {
  return `approval:${approvalId}`;
}

const AUDIT = "audit.records.v1";
