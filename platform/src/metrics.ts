/** What the hosts have counted, for the Gateway's metrics page. */
import { type Gateway, type Metric, renderMetrics, startGateway } from "@countersign/agent-gateway";
import { openCounts, sealCount } from "@countersign/envelope";
import type { AnyHost, Embedded } from "./embedded.ts";

/** Health and metrics on a free port of 127.0.0.1, for as long as the platform runs. */
export function serveGateway({ hosts }: Embedded): Promise<Gateway> {
  const agents = () => hosts.map(({ name, ready }) => ({ name, ready }));
  return startGateway({ port: 0, host: "127.0.0.1", agents, metrics: () => renderMetrics(metricsOf(hosts)) });
}

function metricsOf(hosts: readonly AnyHost[]): readonly Metric[] {
  const perAgent = (name: string, help: string, pick: (host: AnyHost) => number): Metric => ({
    name,
    help,
    type: "counter",
    samples: hosts.map((host) => ({ labels: { agent: host.name }, value: pick(host) })),
  });
  const refusals = hosts.flatMap((host) =>
    [...host.refusals].map(([code, value]) => ({ labels: { agent: host.name, code }, value })),
  );
  return [
    perAgent("countersign_deliveries_total", "Messages delivered to the agent.", ({ counts }) => counts.deliveries),
    perAgent("countersign_decisions_total", "Inputs put before the agent.", ({ counts }) => counts.decisions),
    perAgent("countersign_commits_total", "Transactions of the agent.", ({ counts }) => counts.commits),
    perAgent("countersign_records_total", "Records the agent has published.", ({ counts }) => counts.records),
    {
      name: "countersign_refusals_total",
      help: "Messages the pipeline refused, by code.",
      type: "counter",
      samples: refusals,
    },
    one("countersign_envelopes_sealed_total", "Envelopes sealed by this process.", sealCount()),
    one("countersign_envelopes_opened_total", "Envelopes opened by this process.", openCounts().opened),
  ];
}

function one(name: string, help: string, value: number): Metric {
  return { name, help, type: "counter", samples: [{ value }] };
}
