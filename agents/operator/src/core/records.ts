/** What the Operator puts on record, and what it lets a person know. */
import { create } from "@bufbuild/protobuf";
import { DecisionMadeSchema, type HaltRequest, type ProposeRequest, RefusedSchema } from "@countersign/contracts";
import type { CallEffect, Effect, PublishEffect } from "@countersign/runtime";
import type { Watch } from "./config.ts";
import type { Finding } from "./health.ts";

export function made(subject: string, decision: string, explanation: string, intent: string): PublishEffect {
  const payload = create(DecisionMadeSchema, { subject, decision, explanation });
  return record("decision.made", payload, intent);
}

export function refused(subject: string, code: string, explanation: string, place: string): PublishEffect {
  const own = { sender: "operator", type: subject === "birth" ? "quorum.propose" : "halt.request" };
  return record("decision.refused", create(RefusedSchema, { subject, code, place, explanation, ...own }), "REFUSE");
}

export function propose(id: string, to: string, payload: ProposeRequest): CallEffect {
  const asked = { call: "QuorumService.Propose", type: "quorum.propose", intent: "RESUME" };
  return { kind: "call", id, to, ...asked, payload, idempotencyKey: payload.opId ?? "" };
}

export function askToHalt(id: string, to: string, payload: HaltRequest): CallEffect {
  const asked = { call: "HaltService.Halt", type: "halt.request", intent: "HALT" };
  return { kind: "call", id, to, ...asked, payload, idempotencyKey: payload.halt?.haltId ?? "" };
}

/** Each finding is a record; what a person should know of is an alert too. */
export function told(finding: Finding, watch: Watch): readonly Effect[] {
  switch (finding.kind) {
    case "silent": {
      const text = `not heard for ${seconds(finding.forMs)}`;
      return [
        made(finding.agent, "agent-silent", text, "WATCH"),
        { kind: "alert", code: "AGENT_SILENT", text: `${finding.agent}: ${text}` },
      ];
    }
    case "back": {
      const { agent, afterMs, meanMs, outages } = finding;
      const text = `heard again after ${seconds(afterMs)}; mean time to recovery ${seconds(meanMs)} over ${outages}`;
      return [
        made(agent, "agent-back", text, "WATCH"),
        { kind: "act", name: "outage", data: { agent, seconds: afterMs / 1_000 } },
      ];
    }
    case "fence-behind": {
      const text = `its fence has entry ${finding.seq}, the control log ${finding.head}`;
      return [
        made(finding.agent, "fence-behind", text, "WATCH"),
        { kind: "alert", code: "FENCE_BEHIND", text: `${finding.agent}: ${text}` },
      ];
    }
    case "late":
      return [made(finding.agent, "scaling-advice", adviceOf(finding, watch), "ADVISE")];
  }
}

function adviceOf({ agent, lagMs, forMs }: Finding & { readonly kind: "late" }, { replicasMax }: Watch): string {
  const max = replicasMax[agent] ?? 1;
  const behind = `${seconds(lagMs)} behind, for ${seconds(forMs)}`;
  if (max > 1) return `${behind}: more processes would share its work, up to ${max}`;
  return `${behind}: it is one process, so give it more of a processor, or look at what its steps wait for`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function record(type: string, payload: PublishEffect["payload"], intent: string): PublishEffect {
  return { kind: "publish", topic: "audit.records.v1", key: "operator", type, payload, intent };
}
