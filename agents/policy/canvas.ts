import type { Canvas } from "@countersign/runtime";

export const canvas: Canvas = {
  agent: "policy",
  mission: "Judge every order before it exists: permit it, refuse it, or ask a person; and stop when it is told to.",
  observes: [
    { topic: "market.quotes.v1", as: "every" },
    { topic: "market.bars.v1", as: "every", mayWaitMs: 100 },
    { topic: "orders.execution.v1", as: "group", mayWaitMs: 50 },
    { topic: "ledger.entries.v1", as: "group", mayWaitMs: 50 },
    { topic: "approvals.decision.v1", as: "group" },
    { topic: "agents.heartbeat.v1", as: "every" },
    { topic: "control.halt.v1", as: "every" },
    { topic: "audit.checkpoint.v1", as: "every" },
  ],
  publishes: [
    { topic: "risk.policy.v1", types: ["permit.issued", "order.rejected", "order.escalated"] },
    { topic: "approvals.request.v1", types: ["approval.request"] },
    { topic: "audit.records.v1", types: ["decision.made", "decision.refused"] },
  ],
  // It never calls Halt: but the quorum takes a halt only from an author who may, and Policy proposes its own.
  calls: ["QuorumService.Propose", "HaltService.Halt"],
  serves: ["PolicyService.Validate", "HaltService.Halt"],
  beliefs:
    "One account: positions and cash from fills, open orders and reservations, the day and the peak of its equity, who was asked; " +
    "last quote, volatility and returns of each symbol; the ledger's book beside its own.",
  policy:
    "limits/<name>.json, one table of rules; its SHA-256 is the policy version in every permit. What is unknown is refused.",
  slos: [
    { name: "validate in the core", target: "p99 below 1 ms" },
    {
      name: "validate, p95",
      target: "80 ms, with its commit",
      objective: {
        metric: "countersign_work_seconds",
        labels: { operation: "serve", name: "PolicyService.Validate" },
        withinSeconds: 0.08,
        ratio: 0.95,
      },
    },
    { name: "halt", target: "no permit after the answer to a halt" },
    { name: "reservations", target: "return to zero when every order has ended" },
  ],
  failover:
    "Any replica: one aggregate per account, compare-and-set. A caller that had no answer asks again and gets the first one. " +
    "Latches are in the state and outlive every restart.",
};
