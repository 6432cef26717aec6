import { type DashboardSpec, quantile, rate, shown } from "./dashboard.ts";

export const busBoard: DashboardSpec = {
  uid: "countersign-bus",
  title: "Bus",
  description: "How far behind, how much, what was refused, what is not said yet.",
  rows: [
    {
      title: "Behind",
      panels: [
        {
          title: "Lag as time",
          description:
            "Now minus the broker's time of the record in hand, of the slowest partition; 0 when nothing waits.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [
            { expr: `max by (agent, topic) (${shown("countersign_lag_seconds")})`, legend: "{{agent}} {{topic}}" },
          ],
          thresholds: { warn: 5, bad: 10 },
          alert: "ConsumerLagging",
        },
        {
          title: "Lag as records",
          description: "Of the broker, not yet handled, over all partitions.",
          ...{ unit: "short", width: 12, kind: "timeseries" },
          queries: [
            { expr: `sum by (agent, topic) (${shown("countersign_lag_records")})`, legend: "{{agent}} {{topic}}" },
          ],
        },
        {
          title: "Age of the outbox",
          description: "Of the oldest record that is committed and not published.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [{ expr: `max by (agent) (${shown("countersign_outbox_age_seconds")})`, legend: "{{agent}}" }],
          thresholds: { warn: 5, bad: 30 },
          alert: "OutboxStuck",
        },
        {
          title: "Fetched and not handled",
          description: "Bytes in memory; a slow handler shows here before it shows as lag.",
          ...{ unit: "bytes", width: 12, kind: "timeseries" },
          queries: [{ expr: `sum by (agent) (${shown("countersign_inflight_bytes")})`, legend: "{{agent}}" }],
        },
      ],
    },
    {
      title: "Traffic",
      panels: [
        {
          title: "Delivered",
          description: "Records a second, by topic.",
          ...{ unit: "reqps", width: 12, kind: "timeseries" },
          queries: [{ expr: rate("countersign_deliveries_total", "topic"), legend: "{{topic}}" }],
        },
        {
          title: "Published",
          description: "Records a second, by topic.",
          ...{ unit: "reqps", width: 12, kind: "timeseries" },
          queries: [{ expr: rate("countersign_records_total", "topic"), legend: "{{topic}}" }],
        },
        {
          title: "Publishing, p50, p95 and p99",
          description: "Until the brokers have acknowledged it.",
          ...{ unit: "s", width: 24, kind: "timeseries" },
          queries: [0.5, 0.95, 0.99].map((share) => ({
            expr: quantile(share, "countersign_step_seconds", "step", 'step="publish"'),
            legend: `p${share * 100}`,
            exemplars: true,
          })),
          alert: "MarketSloBurning",
        },
      ],
    },
    {
      title: "Dead letters",
      panels: [
        {
          title: "Letters in each queue",
          description: "What its reader refused, byte for byte, for 30 days.",
          ...{ unit: "none", width: 12, kind: "timeseries" },
          queries: [{ expr: `max by (topic) (${shown("countersign_dlq_records")}) > 0`, legend: "{{topic}}" }],
          alert: "DeadLettersGrowing",
        },
        {
          title: "Why they were refused",
          description: "By code, a second.",
          ...{ unit: "reqps", width: 12, kind: "timeseries" },
          queries: [{ expr: rate("countersign_refusals_total", "code"), legend: "{{code}}" }],
          alert: "MessagesMalformed",
        },
      ],
    },
  ],
};
