/** The seven dashboards, as files of the chart. */
import { agentsBoard } from "./dashboards/agents.ts";
import { busBoard } from "./dashboards/bus.ts";
import { type DashboardSpec, grafanaJson } from "./dashboards/dashboard.ts";
import { governance } from "./dashboards/governance.ts";
import { moneyBoard } from "./dashboards/money.ts";
import { overview } from "./dashboards/overview.ts";
import { platformBoard } from "./dashboards/platform.ts";
import { venuesBoard } from "./dashboards/venues.ts";

export const dashboards: readonly DashboardSpec[] = [
  overview,
  moneyBoard,
  agentsBoard,
  governance,
  busBoard,
  venuesBoard,
  platformBoard,
];

export function dashboardOutputs(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    dashboards.map((one) => [`charts/countersign/files/dashboards/${one.uid}.json`, grafanaJson(one, dashboards)]),
  );
}
