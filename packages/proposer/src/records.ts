import { create } from "@bufbuild/protobuf";
import { DecisionMadeSchema, type Feature, FeatureSchema } from "@countersign/contracts";
import type { Cause, PublishEffect } from "@countersign/runtime";

export interface Made {
  /** The agent that decides: the key of its chain. */
  readonly agent: string;
  /** What it is about, such as a symbol. */
  readonly subject: string;
  /** A code: NO_EDGE, HALTED … */
  readonly decision: string;
  /** A sentence. */
  readonly explanation: string;
  readonly features?: Readonly<Record<string, number>>;
  /** What it follows from, when that is not the input. */
  readonly cause?: Cause;
}

/** A decision that is no other message, on the audit record. */
export function decisionMade({ agent, subject, decision, explanation, features = {}, cause }: Made): PublishEffect {
  const payload = create(DecisionMadeSchema, { subject, decision, explanation, features: featuresOf(features) });
  const record = { topic: "audit.records.v1", key: agent, type: "decision.made", payload, intent: "DECIDE" };
  return { kind: "publish", ...record, ...(cause && { cause }) };
}

export function featuresOf(features: Readonly<Record<string, number>>): Feature[] {
  return Object.entries(features).map(([name, value]) => create(FeatureSchema, { name, value }));
}
