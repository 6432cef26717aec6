import { type DashboardSpec, rate, shown } from "./dashboard.ts";

export const venuesBoard: DashboardSpec = {
  uid: "countersign-venues",
  title: "Venues",
  description: "How old prices are, and whether the book is the venue's.",
  rows: [
    {
      title: "The market",
      panels: [
        {
          title: "Age of the last mark",
          description: "By symbol, as whoever reads the cache sees it. Only with Redis.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [{ expr: `max by (symbol) (${shown("countersign_mark_age_seconds")})`, legend: "{{symbol}}" }],
          thresholds: { warn: 30, bad: 60 },
          alert: "MarksStale",
        },
        {
          title: "Quotes and bars",
          description: "Records that reach the agents, a second.",
          ...{ unit: "reqps", width: 12, kind: "timeseries" },
          queries: [
            {
              expr: rate("countersign_deliveries_total", "agent, topic", 'topic=~"market.quotes.v1|market.bars.v1"'),
              legend: "{{agent}} {{topic}}",
            },
          ],
          alert: "MarketSilent",
        },
      ],
    },
    {
      title: "The book and the venue",
      panels: [
        {
          title: "Age of the last look",
          description: "There is one each second in which the venue answers.",
          ...{ unit: "s", width: 8, kind: "timeseries" },
          queries: [{ expr: `max(${shown("countersign_reconciliation_age_seconds")})`, legend: "age" }],
          thresholds: { warn: 5, bad: 10 },
          alert: "ReconciliationStopped",
        },
        {
          title: "Looks",
          description: "In which the book was laid beside the venue's, a second.",
          ...{ unit: "reqps", width: 8, kind: "timeseries" },
          queries: [{ expr: rate("countersign_reconciliations_total", "agent"), legend: "looks" }],
        },
        {
          title: "What did not match",
          description: "In those looks; three in a row close the account.",
          ...{ unit: "none", width: 8, kind: "timeseries" },
          queries: [
            {
              expr: `sum by (class) (increase(${shown("countersign_reconciliation_findings_total")}[$__rate_interval]))`,
              legend: "{{class}}",
            },
          ],
          alert: "ReconciliationFindings",
        },
        {
          title: "Why the account is closed",
          description: "Each reason for which it takes no order.",
          ...{ unit: "none", width: 12, kind: "table" },
          queries: [{ expr: `max by (code) (${shown("countersign_account_closed")})`, legend: "{{code}}" }],
          alert: "AccountClosed",
        },
        {
          title: "Orders",
          description: "Working now.",
          ...{ unit: "none", width: 12, kind: "timeseries" },
          queries: [{ expr: `max(${shown("countersign_working_orders")})`, legend: "working" }],
        },
      ],
    },
  ],
};
