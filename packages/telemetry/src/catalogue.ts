/**
 * The metrics of the platform, as data. Names follow OpenMetrics 1.0: the unit last and in base units (seconds, bytes), a counter's
 * samples end in `_total`. Every series also carries `agent`. A label holds a name out of a short list (step, topic, code, place,
 * server), never an id and never free text: a correlation id belongs into a trace, and the exemplars lead there.
 */

/** The steps of the pipeline, in their order; `wait` lasts until a transaction takes what came. */
export const STEPS = [
  "decode",
  "verify",
  "allowed",
  "seen",
  "age",
  "rate",
  "wait",
  "decide",
  "commit",
  "publish",
  "offset",
] as const;
export type Step = (typeof STEPS)[number];

/**
 * Upper bounds of a step, in seconds. Eleven of the fourteen lie between 1 ms and 1 s, where a store and a broker take their time; 15,
 * 40 and 120 ms are bounds because the targets stand there and are then read off exactly. Three lie below, where the steps without
 * I/O end.
 */
export const STEP_BOUNDS_SECONDS = [
  0.00005, 0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.04, 0.08, 0.12, 0.3, 1,
] as const;

/** Work that is measured from its beginning to its end: a message is handled, a call is served or made, an input came that no message brought. */
export const MEASURED_WORK = ["process", "serve", "call", "input"] as const;

/** Upper bounds of a whole piece of work, in seconds: the targets of the canvases, and what lies far beyond them. */
export const WORK_BOUNDS_SECONDS = [0.005, 0.015, 0.025, 0.04, 0.08, 0.12, 0.3, 1, 3, 10] as const;

/** What a halt may cover; `birth` is the one that holds until trading is opened for the first time. */
export const HALT_SCOPES = ["birth", "all", "account", "strategy", "symbol", "venue"] as const;

export interface MetricSpec {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

export const METRICS = {
  step: {
    name: "countersign_step_seconds",
    type: "histogram",
    labels: ["step"],
    help: "Time a message spent in one step of the pipeline.",
  },
  work: {
    name: "countersign_work_seconds",
    type: "histogram",
    labels: ["operation", "name"],
    help: "From when a message or a call was taken until what it led to was committed; of a call that is made, until its answer.",
  },
  deliveries: {
    name: "countersign_deliveries_total",
    type: "counter",
    labels: ["topic"],
    help: "Messages delivered to the agent.",
  },
  records: {
    name: "countersign_records_total",
    type: "counter",
    labels: ["topic"],
    help: "Records the agent has published.",
  },
  refusals: {
    name: "countersign_refusals_total",
    type: "counter",
    labels: ["code", "place"],
    help: "Messages and calls refused, by code and by the place that refused.",
  },
  alerts: {
    name: "countersign_alerts_total",
    type: "counter",
    labels: ["code"],
    help: "What the agent wants a person to know, by code: see the log.",
  },
  lagSeconds: {
    name: "countersign_lag_seconds",
    type: "gauge",
    labels: ["topic"],
    help: "Behind the broker: now minus its timestamp of the record in hand; of the slowest partition; 0 when nothing waits.",
  },
  lagRecords: {
    name: "countersign_lag_records",
    type: "gauge",
    labels: ["topic"],
    help: "Records of the broker not yet handled, over all partitions.",
  },
  outboxAge: {
    name: "countersign_outbox_age_seconds",
    type: "gauge",
    labels: [],
    help: "Age of the oldest committed row that is not published.",
  },
  dlq: {
    name: "countersign_dlq_records",
    type: "gauge",
    labels: ["topic"],
    help: "Records in a dead letter queue.",
  },
  breaker: {
    name: "countersign_breaker_state",
    type: "gauge",
    labels: ["server"],
    help: "Circuit breaker towards a server: 0 closed, 1 half-open, 2 open.",
  },
  fenceAge: {
    name: "countersign_fence_age_seconds",
    type: "gauge",
    labels: [],
    help: "Since the control log was last heard; beyond the lease the agent refuses.",
  },
  checkpointAge: {
    name: "countersign_checkpoint_age_seconds",
    type: "gauge",
    labels: [],
    help: "Since the last checkpoint of the audit log; beyond the lease the agent refuses.",
  },
  ready: {
    name: "countersign_ready",
    type: "gauge",
    labels: [],
    help: "What the readiness probe says: 1 or 0.",
  },
  halts: {
    name: "countersign_halts",
    type: "gauge",
    labels: ["scope"],
    help: "Halts in force, by what they cover, as this process has read the control log.",
  },
  latches: {
    name: "countersign_latches",
    type: "gauge",
    labels: [],
    help: "Halts that this agent has latched by itself and no resume has named: it keeps them whatever the control log says.",
  },
  clockOffset: {
    name: "countersign_clock_offset_seconds",
    type: "gauge",
    labels: [],
    help: "This machine's clock minus the database's.",
  },
  keyExpiry: {
    name: "countersign_key_expiry_timestamp_seconds",
    type: "gauge",
    labels: [],
    help: "When the key that signs this process' envelopes ends, in seconds since 1970.",
  },
  certificateExpiry: {
    name: "countersign_certificate_expiry_timestamp_seconds",
    type: "gauge",
    labels: ["file"],
    help: "When a certificate of this process ends, in seconds since 1970.",
  },
  unbookedAge: {
    name: "countersign_unbooked_age_seconds",
    type: "gauge",
    labels: [],
    help: "Age of the oldest fill that the quorum has not booked; 0 when there is none.",
  },
  workingOrders: {
    name: "countersign_working_orders",
    type: "gauge",
    labels: [],
    help: "Orders of the account that are accepted and not over.",
  },
  accountClosed: {
    name: "countersign_account_closed",
    type: "gauge",
    labels: ["code"],
    help: "1 for each reason for which the account takes no new order.",
  },
  approvalsWaiting: {
    name: "countersign_approvals_waiting",
    type: "gauge",
    labels: [],
    help: "Orders that wait for a person.",
  },
  approvalLeft: {
    name: "countersign_approval_left_seconds",
    type: "gauge",
    labels: [],
    help: "Until the first of them expires.",
  },
  limitUsed: {
    name: "countersign_limit_used_ratio",
    type: "gauge",
    labels: ["metric"],
    help: "What was lost, today or since the peak, as a share of what the tightest rule of the metric allows.",
  },
  money: {
    name: "countersign_account_money",
    type: "gauge",
    labels: ["figure", "currency"],
    help: "The account by the certified ledger, at the last quotes: equity, deposits, realised, unrealised, fees, exposure, traded.",
  },
  drawdown: {
    name: "countersign_account_drawdown_ratio",
    type: "gauge",
    labels: [],
    help: "The largest drawdown so far, a share of the peak: 0 or below.",
  },
  slippage: {
    name: "countersign_slippage_ratio",
    type: "gauge",
    labels: [],
    help: "Cost of all fills against the mid that was decided upon; positive when it cost us.",
  },
  verdicts: {
    name: "countersign_verdicts_total",
    type: "counter",
    labels: ["verdict"],
    help: "Verdicts of Policy on the audit log: permit, rejection, escalation.",
  },
  breaches: {
    name: "countersign_breaches_total",
    type: "counter",
    labels: ["rule"],
    help: "Breaches of rules that are more than a warning, in rejections.",
  },
  orders: {
    name: "countersign_orders_total",
    type: "counter",
    labels: ["outcome"],
    help: "Orders on the audit log: accepted, filled, refused.",
  },
  ordersRefused: {
    name: "countersign_orders_refused_total",
    type: "counter",
    labels: ["code"],
    help: "Of those refused by Execution or the venue, by code.",
  },
  auditRecords: {
    name: "countersign_audit_records",
    type: "gauge",
    labels: [],
    help: "Records in the audit log.",
  },
  uncosignedAge: {
    name: "countersign_uncosigned_age_seconds",
    type: "gauge",
    labels: [],
    help: "Since a cosigned checkpoint covered the whole audit log.",
  },
  inflightBytes: {
    name: "countersign_inflight_bytes",
    type: "gauge",
    labels: [],
    help: "Bytes fetched from the bus and not yet handled.",
  },
  cacheUp: {
    name: "countersign_cache_up",
    type: "gauge",
    labels: [],
    help: "Whether the cache answers: 1 or 0; while it does not, this process goes on with its own share of the rate limits.",
  },
  markAge: {
    name: "countersign_mark_age_seconds",
    type: "gauge",
    labels: ["symbol"],
    help: "Age of the latest mark in the cache, by its event time.",
  },
  reconciliations: {
    name: "countersign_reconciliations_total",
    type: "counter",
    labels: [],
    help: "Looks in which the book was laid beside the venue's.",
  },
  reconciliationAge: {
    name: "countersign_reconciliation_age_seconds",
    type: "gauge",
    labels: [],
    help: "Since the last of them.",
  },
  findings: {
    name: "countersign_reconciliation_findings_total",
    type: "counter",
    labels: ["class"],
    help: "What did not match in them: unknown-fill, orphan-order, missing-order, ambiguous, drift.",
  },
  outages: {
    name: "countersign_outages_total",
    type: "counter",
    labels: ["of"],
    help: "Times an agent fell silent and came back, as the Operator has seen it.",
  },
  outageSeconds: {
    name: "countersign_outage_seconds_total",
    type: "counter",
    labels: ["of"],
    help: "How long these took together: divided by their number, the mean time to recovery.",
  },
  canaryWords: {
    name: "countersign_canary_words_total",
    type: "counter",
    labels: ["verdict"],
    help: "What a canary would have said beside what was said: same, differs, missing, extra.",
  },
  spans: {
    name: "countersign_spans_total",
    type: "counter",
    labels: ["outcome"],
    help: "Spans of this process that were exported, and that were lost.",
  },
  logLevel: {
    name: "countersign_log_level",
    type: "gauge",
    labels: ["level"],
    help: "1 for the level from which on this process logs now.",
  },
  traceRatio: {
    name: "countersign_trace_ratio",
    type: "gauge",
    labels: [],
    help: "The share of traces that this process keeps now.",
  },
  flagsRefused: {
    name: "countersign_flags_refused",
    type: "gauge",
    labels: [],
    help: "1 while the flags that this process is given are none, and what they said before holds; else 0.",
  },
  loopDelay: {
    name: "nodejs_eventloop_delay_seconds",
    type: "gauge",
    labels: ["quantile"],
    help: "How late the event loop was since the last scrape.",
  },
  residentMemory: {
    name: "process_resident_memory_bytes",
    type: "gauge",
    labels: [],
    help: "Resident memory size.",
  },
  heapUsed: {
    name: "nodejs_heap_used_bytes",
    type: "gauge",
    labels: [],
    help: "Memory in use on the JavaScript heap.",
  },
  cpu: {
    name: "process_cpu_seconds_total",
    type: "counter",
    labels: [],
    help: "User and system CPU time spent.",
  },
  startTime: {
    name: "process_start_time_seconds",
    type: "gauge",
    labels: [],
    help: "When the process started, in seconds since 1970.",
  },
  resources: {
    name: "nodejs_active_resources",
    type: "gauge",
    labels: ["type"],
    help: "What keeps the event loop alive: handles, timers and requests, by type.",
  },
} as const satisfies Record<string, MetricSpec>;
