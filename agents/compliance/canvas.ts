import type { Canvas } from "@countersign/runtime";

/** Everything that is said as a record, whatever came of it. */
const written = { as: "group", mayWaitMs: 100, isRecorded: true } as const;

export const canvas: Canvas = {
  agent: "compliance",
  mission: "Keep every record in one log that nobody can rewrite, name every gap, and say how far the log reaches.",
  observes: [
    { topic: "signals.market.v1", ...written },
    { topic: "orders.intent.v1", ...written },
    { topic: "orders.execution.v1", ...written },
    { topic: "risk.policy.v1", ...written },
    { topic: "hedges.v1", ...written },
    { topic: "approvals.request.v1", ...written },
    { topic: "approvals.decision.v1", ...written },
    { topic: "control.halt.v1", ...written },
    { topic: "ledger.entries.v1", ...written },
    { topic: "audit.records.v1", ...written },
    { topic: "market.quotes.v1", as: "every" },
  ],
  publishes: [
    { topic: "audit.checkpoint.v1", types: ["audit.checkpoint"] },
    { topic: "audit.records.v1", types: ["decision.made", "decision.refused"] },
  ],
  calls: ["QuorumService.Cosign"],
  serves: [],
  beliefs: "The right edge of the Merkle tree, the end of every chain, the account's book as the ledger certifies it.",
  policy:
    "Every authentic record is a leaf. A chain with a gap or a fork is named once per break, and no checkpoint names it any further: its owner runs into AUDIT_BEHIND and stops.",
  slos: [
    { name: "record to checkpoint", target: "the step that wrote it, in a replay" },
    {
      name: "checkpoint age",
      target: "10 s at Policy, else no permit and no order",
      objective: { metric: "countersign_checkpoint_age_seconds", at: "policy", atMost: 10, ratio: 0.999 },
    },
  ],
  failover:
    "Observes, never decides on an order. Without it the leases of Policy and the gate lapse; another replica goes on from the store.",
};
