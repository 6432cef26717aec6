import type { Canvas } from "@countersign/runtime";

export const canvas: Canvas = {
  agent: "operator",
  mission:
    "Opens trading when everybody is there and the persons have signed; watches over everybody, and closes it when those are missing that it needs.",
  observes: [{ topic: "agents.heartbeat.v1", as: "every" }],
  publishes: [{ topic: "audit.records.v1", types: ["decision.made", "decision.refused"] }],
  calls: ["QuorumService.Propose", "HaltService.Halt"],
  serves: [],
  beliefs:
    "Who is ready, who is silent and for how long, whose fence or work is behind, and the fence. It holds no key of a person's.",
  policy:
    "Proposes the opening once all agents are ready and enough persons have signed for this epoch; halts, where it is told to, without agents that trading needs; retries at another validator. It advises, and scales nothing; it releases no halt.",
  slos: [
    { name: "opening", target: "1 s after the last agent is ready" },
    {
      name: "ready",
      target: "99.5 % of the time",
      objective: { metric: "countersign_ready", atLeast: 1, ratio: 0.995 },
    },
  ],
  failover:
    "Without it nothing opens and nothing that is open stops. Another replica proposes the same: one op id, one outcome.",
};
