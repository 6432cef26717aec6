import type { Canvas } from "@countersign/runtime";

export const canvas: Canvas = {
  agent: "market",
  mission: "Say what the market did, when it did it, and nothing that it could not have known.",
  observes: [],
  publishes: [
    { topic: "market.quotes.v1", types: ["market.quote"] },
    { topic: "market.trades.v1", types: ["market.trade"] },
    { topic: "market.bars.v1", types: ["market.bar"] },
    { topic: "agents.heartbeat.v1", types: ["agent.heartbeat"] },
  ],
  calls: [],
  serves: [],
  beliefs: "The position in the source; per symbol the last accepted prices, to tell an outlier.",
  policy: "Crossed, stale and outlying quotes are dropped and counted; a bar is told when it has closed.",
  slos: [
    { name: "sealing and publishing a quote", target: "20 µs of one core in a replay" },
    {
      name: "publishing",
      target: "99 % acknowledged by two brokers within 120 ms",
      objective: { metric: "countersign_step_seconds", labels: { step: "publish" }, withinSeconds: 0.12, ratio: 0.99 },
    },
  ],
  failover: "Reads again from the last published seq; readers drop what they have seen.",
};
