import type { Canvas } from "@countersign/runtime";

export const canvas: Canvas = {
  agent: "hedger",
  mission: "Offset the market risk the book has taken on, and say beforehand what that would cost.",
  observes: [
    { topic: "orders.execution.v1", as: "group", mayWaitMs: 20 },
    { topic: "risk.policy.v1", as: "group", mayWaitMs: 20 },
    { topic: "ledger.entries.v1", as: "group", mayWaitMs: 20 },
    { topic: "market.quotes.v1", as: "every" },
    { topic: "market.bars.v1", as: "every" },
  ],
  publishes: [
    { topic: "orders.intent.v1", types: ["order.intent"] },
    { topic: "hedges.v1", types: ["hedge.placed"] },
    { topic: "audit.records.v1", types: ["decision.made"] },
  ],
  calls: ["PolicyService.Validate"],
  serves: ["HedgerService.Quote"],
  beliefs:
    "The account's book; per symbol the regression of its returns on the hedge's; volatility now against its mean of 20 bars.",
  policy:
    "Minimum-variance hedge when the uncovered beta exceeds its band; a narrow band while volatility is up. A halt of level 3: what is held is closed.",
  slos: [
    {
      name: "quote, p95",
      target: "40 ms",
      objective: {
        metric: "countersign_work_seconds",
        labels: { operation: "serve", name: "HedgerService.Quote" },
        withinSeconds: 0.04,
        ratio: 0.95,
      },
    },
  ],
  failover:
    "Without a believable beta there is no hedge and no quote of one; a refused hedge is proposed again on the next bar, then ever more rarely.",
};
