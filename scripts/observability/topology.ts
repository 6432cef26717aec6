/** Who there is, as the chart knows it: its topology.json, which `npm run authority` makes from the canvases. */
import { readFileSync } from "node:fs";
import type { Topology } from "../../platform/src/topology.ts";

export const topology: Topology = JSON.parse(
  readFileSync(new URL("../../charts/countersign/files/topology.json", import.meta.url), "utf8"),
);

/** Of all agents, in the order of their names; the paper exchange and the desk are no agents. */
export function processes(): readonly string[] {
  return Object.values(topology.agents).flatMap((agent) => agent.processes);
}
