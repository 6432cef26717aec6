import type { Canvas } from "@countersign/runtime";

export const canvas: Canvas = {
  agent: "portfolio",
  mission: "Allocate capital by the quality of the signals, and ask for every order it wants.",
  observes: [
    { topic: "signals.market.v1", as: "group" },
    { topic: "risk.policy.v1", as: "group", mayWaitMs: 50 },
    { topic: "orders.execution.v1", as: "group", mayWaitMs: 50 },
    { topic: "ledger.entries.v1", as: "group", mayWaitMs: 50 },
    { topic: "market.quotes.v1", as: "every" },
    { topic: "market.bars.v1", as: "every" },
  ],
  publishes: [
    { topic: "orders.intent.v1", types: ["order.intent"] },
    { topic: "audit.records.v1", types: ["decision.made"] },
  ],
  calls: ["HedgerService.Quote", "PolicyService.Validate"],
  serves: [],
  beliefs: "The account's book, proposals under way, the wanted position per symbol; last quotes and volatility.",
  policy: "Volatility target with a cap; nothing without an edge after costs; one order per symbol at a time.",
  slos: [
    { name: "decision latency, p50", target: "40 ms" },
    {
      name: "decision latency, p95",
      target: "120 ms",
      objective: {
        metric: "countersign_work_seconds",
        labels: { operation: "process", name: "signals.market.v1" },
        withinSeconds: 0.12,
        ratio: 0.95,
      },
    },
    { name: "throughput", target: "50 decisions a second" },
  ],
  failover: "An unanswered call ends the proposal, never becomes a yes; after a restart the same bytes are sent again.",
};
