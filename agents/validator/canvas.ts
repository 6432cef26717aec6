import type { Canvas } from "@countersign/runtime";

/** Three of them run, as validator-1, validator-2 and validator-3. */
export const canvas: Canvas = {
  agent: "validator",
  mission: "Nothing enters the control log or the ledger that two of three have not checked and signed.",
  observes: [
    { topic: "market.quotes.v1", as: "every" },
    // What was announced, for a log that was put back: the control log's topic is read by every process.
    { topic: "ledger.entries.v1", as: "every" },
  ],
  publishes: [
    { topic: "control.halt.v1", types: ["control.entry"] },
    { topic: "ledger.entries.v1", types: ["ledger.entry"] },
    { topic: "audit.records.v1", types: ["decision.refused"] },
    { topic: "agents.heartbeat.v1", types: ["agent.heartbeat"] },
  ],
  calls: ["QuorumService.Vote", "QuorumService.Propose"],
  serves: [
    "QuorumService.Propose",
    "QuorumService.Vote",
    "QuorumService.Read",
    "QuorumService.Cosign",
    "HaltService.Halt",
  ],
  beliefs:
    "Both logs, folded from their first entry; the last quotes of its own feed. Nothing a proposer says about itself.",
  policy:
    "A fill is booked once, within its permitted order, at a price its own feed has seen; a deposit comes from a person; a halt has authority and form; a resume has its persons; a checkpoint begins with the last one it cosigned.",
  slos: [
    {
      name: "vote, p99",
      target: "80 ms",
      objective: {
        metric: "countersign_work_seconds",
        labels: { operation: "serve", name: "QuorumService.Vote" },
        withinSeconds: 0.08,
        ratio: 0.99,
      },
    },
    {
      name: "commit, p99",
      target: "120 ms",
      objective: {
        metric: "countersign_work_seconds",
        labels: { operation: "serve", name: "QuorumService.Propose" },
        withinSeconds: 0.12,
        ratio: 0.99,
      },
    },
  ],
  failover:
    "Two of three go on. One that comes back reads the log; its votes are in the log, so it never votes twice. What a log that was put back lacks it puts there again, as far as it is certified.",
};
