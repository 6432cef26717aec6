import type { Canvas } from "@countersign/runtime";

export const canvas: Canvas = {
  agent: "gateway",
  mission: "Tell whoever watches from outside how the platform is, and let nobody in.",
  observes: [],
  publishes: [{ topic: "agents.heartbeat.v1", types: ["agent.heartbeat"] }],
  calls: [],
  serves: [],
  beliefs: "None: it asks for readiness and metrics at each request.",
  policy: "Loopback only, reading only; an agent that is not known to be ready is not ready.",
  slos: [
    { name: "health, p99", target: "10 ms" },
    {
      name: "ready",
      target: "99.5 % of the time",
      objective: { metric: "countersign_ready", atLeast: 1, ratio: 0.995 },
    },
  ],
  failover: "Has no state: it is started again. While it is down, nobody trades differently.",
};
