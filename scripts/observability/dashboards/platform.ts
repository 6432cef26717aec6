import { type DashboardSpec, rate, shown } from "./dashboard.ts";

export const platformBoard: DashboardSpec = {
  uid: "countersign-platform",
  title: "Platform",
  description: "Processes and what they live on.",
  rows: [
    {
      title: "Processes",
      panels: [
        {
          title: "Ready",
          description: "1 or 0, as readiness says.",
          ...{ unit: "none", width: 12, kind: "timeseries" },
          queries: [{ expr: `min by (agent) (${shown("countersign_ready")})`, legend: "{{agent}}" }],
          alert: "AgentNotReady",
        },
        {
          title: "Running for",
          description: "Since the process started.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [{ expr: `time() - max by (agent) (${shown("process_start_time_seconds")})`, legend: "{{agent}}" }],
          alert: "ProcessRestarting",
        },
        {
          title: "Processor",
          description: "Seconds a second.",
          ...{ unit: "short", width: 12, kind: "timeseries", stack: true },
          queries: [{ expr: rate("process_cpu_seconds_total", "agent"), legend: "{{agent}}" }],
        },
        {
          title: "Resident memory",
          description: "Of each process; at the container's limit the kernel ends it.",
          ...{ unit: "bytes", width: 12, kind: "timeseries" },
          queries: [{ expr: `max by (agent) (${shown("process_resident_memory_bytes")})`, legend: "{{agent}}" }],
          alert: "MemoryNearLimit",
        },
        {
          title: "JavaScript heap",
          description: "In use; what grows for hours is a leak.",
          ...{ unit: "bytes", width: 12, kind: "timeseries" },
          queries: [{ expr: `max by (agent) (${shown("nodejs_heap_used_bytes")})`, legend: "{{agent}}" }],
        },
        {
          title: "Event loop, p99",
          description: "How late it wakes up.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [
            {
              expr: `max by (agent) (${shown("nodejs_eventloop_delay_seconds", 'quantile="p99"')})`,
              legend: "{{agent}}",
            },
          ],
          thresholds: { warn: 0.1, bad: 0.2 },
          alert: "EventLoopSlow",
        },
      ],
    },
    {
      title: "What they live on",
      panels: [
        {
          title: "Commits, p95",
          description: "A transaction in PostgreSQL.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [
            {
              expr: `histogram_quantile(0.95, sum by (le, agent) (rate(${shown("countersign_step_seconds_bucket", 'step="commit"')}[$__rate_interval])))`,
              legend: "{{agent}}",
              exemplars: true,
            },
          ],
        },
        {
          title: "Redis answers",
          description: "1 or 0; without it each process has its own share of the rate limits.",
          ...{ unit: "none", width: 12, kind: "timeseries" },
          queries: [{ expr: `min by (agent) (${shown("countersign_cache_up")})`, legend: "{{agent}}" }],
          alert: "CacheDown",
        },
        {
          title: "Clock against the database's",
          description: "More than 250 ms is a ticket.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [{ expr: `max by (agent) (${shown("countersign_clock_offset_seconds")})`, legend: "{{agent}}" }],
          alert: "ClockSkewed",
        },
        {
          title: "Spans",
          description: "Exported and lost, a second.",
          ...{ unit: "reqps", width: 12, kind: "timeseries" },
          queries: [{ expr: rate("countersign_spans_total", "outcome"), legend: "{{outcome}}" }],
          alert: "SpansLost",
        },
        {
          title: "Keys end",
          description: "The key that signs an agent's envelopes.",
          ...{ unit: "s", width: 12, kind: "table" },
          queries: [
            {
              expr: `min by (agent) (${shown("countersign_key_expiry_timestamp_seconds")}) - time()`,
              legend: "{{agent}}",
            },
          ],
          alert: "KeyExpiring",
        },
        {
          title: "Certificates end",
          description: "As each process has read them at its start.",
          ...{ unit: "s", width: 12, kind: "table" },
          queries: [
            {
              expr: `min by (agent, file) (${shown("countersign_certificate_expiry_timestamp_seconds")}) - time()`,
              legend: "{{agent}} {{file}}",
            },
          ],
          alert: "CertificateExpiring",
        },
        {
          title: "Logged from",
          description: "The level from which on each process logs; `flags` changes it while it runs.",
          ...{ unit: "none", width: 8, kind: "timeseries" },
          queries: [
            { expr: `max by (agent, level) (${shown("countersign_log_level")})`, legend: "{{agent}} {{level}}" },
          ],
        },
        {
          title: "Share of traces kept",
          description: "Alike everywhere, or traces have gaps.",
          ...{ unit: "percentunit", width: 8, kind: "timeseries" },
          queries: [{ expr: `max by (agent) (${shown("countersign_trace_ratio")})`, legend: "{{agent}}" }],
        },
        {
          title: "Flags refused",
          description: "1 while a process is given flags that are none.",
          ...{ unit: "none", width: 8, kind: "timeseries" },
          queries: [{ expr: `max by (agent) (${shown("countersign_flags_refused")})`, legend: "{{agent}}" }],
          alert: "FlagsRefused",
        },
        {
          title: "What keeps event loops alive",
          description: "Handles, timers and requests, by type; what grows for hours is a leak.",
          ...{ unit: "none", width: 24, kind: "timeseries" },
          queries: [
            { expr: `sum by (agent, type) (${shown("nodejs_active_resources")})`, legend: "{{agent}} {{type}}" },
          ],
        },
      ],
    },
  ],
};
