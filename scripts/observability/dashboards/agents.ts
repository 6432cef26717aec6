import { STEPS } from "@countersign/telemetry";
import { type DashboardSpec, quantile, rate, shown } from "./dashboard.ts";

export const agentsBoard: DashboardSpec = {
  uid: "countersign-agents",
  title: "Agents",
  description: "What each agent does, how long it takes, and what it cannot do.",
  rows: [
    {
      title: "Work",
      panels: [
        {
          title: "Messages and calls",
          description: "A second, by what was done: a message processed, a call served or made, an input of its own.",
          ...{ unit: "reqps", width: 12, kind: "timeseries" },
          queries: [
            { expr: rate("countersign_work_seconds_count", "agent, operation"), legend: "{{agent}} {{operation}}" },
          ],
        },
        {
          title: "Time of a message or call, p50 and p95",
          description:
            "From when it was taken until what it led to was committed; of a call that is made, until its answer.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [0.5, 0.95].map((share) => ({
            expr: quantile(share, "countersign_work_seconds", "agent, name", 'operation=~"process|serve|call"'),
            legend: `p${share * 100} {{agent}} {{name}}`,
            exemplars: true,
          })),
        },
        {
          title: "How long, in all buckets",
          description: "Of every message and call of the agents chosen above; a dot leads to its trace.",
          ...{ unit: "s", width: 24, kind: "heatmap" },
          queries: [
            {
              expr: `sum by (le) (increase(${shown("countersign_work_seconds_bucket", 'operation=~"process|serve"')}[$__rate_interval]))`,
              legend: "{{le}}",
              exemplars: true,
            },
          ],
        },
      ],
    },
    {
      title: "Where the time goes",
      panels: [
        {
          title: "Steps of the pipeline, p95",
          description: `In their order: ${STEPS.join(", ")}.`,
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [{ expr: quantile(0.95, "countersign_step_seconds", "step"), legend: "{{step}}", exemplars: true }],
        },
        {
          title: "Share of objectives missed, last hour",
          description: "Of each objective that its canvas has made measurable.",
          ...{ unit: "percentunit", width: 12, kind: "timeseries" },
          queries: [
            {
              expr: 'countersign:slo_bad:ratio_1h{namespace="$namespace",agent=~"$agent"}',
              legend: "{{agent}} {{slo}}",
            },
          ],
        },
      ],
    },
    {
      title: "What does not go",
      panels: [
        {
          title: "Refused, by code",
          description: "Messages and calls, a second; in the last door's words.",
          ...{ unit: "reqps", width: 12, kind: "timeseries" },
          queries: [
            { expr: rate("countersign_refusals_total", "agent, code, place"), legend: "{{agent}} {{code}} {{place}}" },
          ],
        },
        {
          title: "Circuit breakers",
          description: "0 closed, 1 half-open, 2 open.",
          ...{ unit: "none", width: 12, kind: "timeseries" },
          queries: [
            {
              expr: `max by (agent, server) (${shown("countersign_breaker_state")})`,
              legend: "{{agent}} to {{server}}",
            },
          ],
          thresholds: { warn: 1, bad: 2 },
          alert: "BreakerOpen",
        },
        {
          title: "Alerts that agents raised, by code",
          description: "What an agent wants a person to know; the text is in its log.",
          ...{ unit: "none", width: 12, kind: "timeseries" },
          queries: [
            {
              expr: `sum by (agent, code) (increase(${shown("countersign_alerts_total")}[$__rate_interval]))`,
              legend: "{{agent}} {{code}}",
            },
          ],
        },
        {
          title: "What a canary would have said",
          description: "Of a version on trial that publishes nowhere, beside what the running one said.",
          ...{ unit: "reqps", width: 12, kind: "timeseries" },
          queries: [
            { expr: rate("countersign_canary_words_total", "agent, verdict"), legend: "{{agent}} {{verdict}}" },
          ],
          alert: "CanaryDisagrees",
        },
        {
          title: "Outages that the Operator has seen",
          description: "How long each agent was silent, on average, until it came back.",
          ...{ unit: "s", width: 12, kind: "table" },
          queries: [
            {
              expr: 'sum by (of) (countersign_outage_seconds_total{namespace="$namespace"}) / sum by (of) (countersign_outages_total{namespace="$namespace"})',
              legend: "{{of}}",
            },
          ],
        },
      ],
    },
  ],
};
