import type { Canvas } from "@countersign/runtime";

export const canvas: Canvas = {
  agent: "execution",
  mission: "Turns permitted intents into orders, each written to its venue at most once, and has every fill booked.",
  observes: [
    { topic: "market.quotes.v1", as: "every" },
    { topic: "orders.intent.v1", as: "group" },
    { topic: "control.halt.v1", as: "group" },
    { topic: "ledger.entries.v1", as: "group", mayWaitMs: 50 },
    { topic: "audit.checkpoint.v1", as: "every" },
  ],
  publishes: [
    { topic: "orders.execution.v1", types: ["order.accepted", "order.reported", "order.filled"] },
    { topic: "audit.records.v1", types: ["decision.made", "decision.refused"] },
    { topic: "agents.heartbeat.v1", types: ["agent.heartbeat"] },
  ],
  calls: ["QuorumService.Propose"],
  serves: ["HaltService.Halt"],
  beliefs:
    "Its orders from acceptance to the last fill, what children of one parent cost together, what is not booked yet, and who halted it.",
  policy:
    "Refuses what the intent, the permit, the approvals, the fence and its own ceiling do not all allow; asked twice, the second time directly before the write.",
  slos: [
    { name: "accepted order to write, p95", target: "20 ms" },
    { name: "fill to proposal, p95", target: "20 ms" },
    {
      name: "acceptance, p95",
      target: "80 ms from command to commit",
      objective: {
        metric: "countersign_work_seconds",
        labels: { operation: "process", name: "orders.intent.v1" },
        withinSeconds: 0.08,
        ratio: 0.95,
      },
    },
    {
      name: "oldest unbooked fill",
      target: "10 s, else no new order",
      objective: { metric: "countersign_unbooked_age_seconds", atMost: 10, ratio: 0.999 },
    },
  ],
  failover:
    "Another replica takes over the account from the store; what was accepted and not written is never sent, and the venue is asked what it knows.",
};
