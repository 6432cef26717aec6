import type { Canvas } from "@countersign/runtime";

export const canvas: Canvas = {
  agent: "operator",
  mission: "Trading opens when everybody is there and the persons have signed; not before.",
  observes: [{ topic: "agents.heartbeat.v1", as: "every" }],
  publishes: [{ topic: "audit.records.v1", types: ["decision.made", "decision.refused"] }],
  calls: ["QuorumService.Propose"],
  serves: [],
  beliefs: "Who has said that it is ready, and the fence. It holds no key of a person's.",
  policy:
    "Proposes the opening once all agents are ready and enough persons have signed for this epoch; retries at another validator.",
  slos: [{ name: "opening", target: "1 s after the last agent is ready" }],
  failover:
    "Without it nothing opens and nothing that is open stops. Another replica proposes the same: one op id, one outcome.",
};
