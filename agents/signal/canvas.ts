import type { Canvas } from "@countersign/runtime";

export const canvas: Canvas = {
  agent: "signal",
  mission: "Hear every strategy on every closed bar and say which one to follow, and why.",
  observes: [
    { topic: "market.quotes.v1", as: "every" },
    { topic: "market.bars.v1", as: "every" },
  ],
  publishes: [
    { topic: "signals.market.v1", types: ["market.signal"] },
    { topic: "audit.records.v1", types: ["decision.made"] },
  ],
  calls: [],
  serves: [],
  beliefs: "Each strategy's estimators per symbol, its last opinion, the last quote.",
  policy:
    "Score = weight × confidence × expected return × liquidity; the highest is followed; below confidence 0.40 nobody is.",
  slos: [
    { name: "bar to signal, p95", target: "5 ms in a replay" },
    {
      name: "bar to signal",
      target: "95 % committed within 80 ms",
      objective: {
        metric: "countersign_work_seconds",
        labels: { operation: "process", name: "market.bars.v1" },
        withinSeconds: 0.08,
        ratio: 0.95,
      },
    },
  ],
  failover:
    "Of several replicas the first to claim (strategy, symbol, quote) speaks; the view is rebuilt from its snapshot.",
};
