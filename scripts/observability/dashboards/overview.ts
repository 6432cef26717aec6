import { type DashboardSpec, quantile, rate, shown } from "./dashboard.ts";

const slo = 'namespace="$namespace"';

export const overview: DashboardSpec = {
  uid: "countersign-overview",
  title: "Overview",
  description: "Is it trading, is it in time, does everybody serve.",
  rows: [
    {
      title: "Now",
      panels: [
        {
          title: "Halts in force",
          description: "By what they cover; birth holds until trading is opened for the first time.",
          ...{ unit: "none", width: 6, kind: "stat" },
          queries: [{ expr: `max by (scope) (${shown("countersign_halts")}) > 0 or vector(0)`, legend: "{{scope}}" }],
          thresholds: { warn: 1, bad: 1 },
          alert: "TradingHalted",
        },
        {
          title: "Processes that are ready",
          description: "As their own readiness says.",
          ...{ unit: "none", width: 6, kind: "stat" },
          queries: [{ expr: `sum(${shown("countersign_ready")})`, legend: "ready" }],
          alert: "AgentNotReady",
        },
        {
          title: "Orders filled of those accepted",
          description: "Over an hour. Orders that expire unfilled are the difference.",
          ...{ unit: "percentunit", width: 6, kind: "stat" },
          queries: [
            {
              expr: `sum(increase(${shown("countersign_orders_total", 'outcome="filled"')}[1h])) / sum(increase(${shown("countersign_orders_total", 'outcome="accepted"')}[1h]))`,
              legend: "filled",
            },
          ],
          thresholds: { warn: 0.98, bad: 0.9, isBelow: true },
          alert: "OrdersUnfilled",
        },
        {
          title: "Equity",
          description: "By the certified ledger, at the last quotes.",
          ...{ unit: "short", width: 6, kind: "stat" },
          queries: [
            {
              expr: `max by (currency) (${shown("countersign_account_money", 'figure="equity"')})`,
              legend: "{{currency}}",
            },
          ],
        },
      ],
    },
    {
      title: "Objectives",
      panels: [
        {
          title: "Share of bad events, last hour",
          description: "Of each objective that is measured; its budget is what the canvas leaves.",
          ...{ unit: "percentunit", width: 12, kind: "timeseries" },
          queries: [{ expr: `countersign:slo_bad:ratio_1h{${slo}}`, legend: "{{agent}} {{slo}}" }],
        },
        {
          title: "Share of bad events, last three days",
          description: "Above the budget the objective of the month is missed.",
          ...{ unit: "percentunit", width: 12, kind: "table" },
          queries: [{ expr: `countersign:slo_bad:ratio_3d{${slo}}`, legend: "{{agent}} {{slo}}" }],
        },
        {
          title: "Decision latency",
          description: "From a signal to Portfolio's committed decision; the target is a p95 of 120 ms.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [0.5, 0.95, 0.99].map((share) => ({
            expr: quantile(share, "countersign_work_seconds", "name", 'operation="process",name="signals.market.v1"'),
            legend: `p${share * 100}`,
            exemplars: true,
          })),
          thresholds: { warn: 0.04, bad: 0.12 },
          alert: "PortfolioSloBurning",
        },
        {
          title: "Orders",
          description: "Accepted, filled and refused, a second.",
          ...{ unit: "reqps", width: 12, kind: "timeseries" },
          queries: [{ expr: rate("countersign_orders_total", "outcome"), legend: "{{outcome}}" }],
        },
      ],
    },
    {
      title: "What fires",
      panels: [
        {
          title: "Alerts",
          description: "Those of this installation that are firing now.",
          ...{ unit: "none", width: 24, kind: "table" },
          queries: [
            {
              expr: `count by (alertname, severity, owner, agent) (ALERTS{${slo},alertstate="firing"})`,
              legend: "{{alertname}}",
            },
          ],
        },
      ],
    },
  ],
};
