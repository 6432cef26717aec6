/** Messages: late, lost to a queue, refused, or not sent; and what carries them. */
import { type Alert, anyOf, FORGED, MALFORMED, moved, noneOf, of, STALE } from "../alert.ts";

/** Topics on which somebody decides about an order, or stops one. */
const PATH = [
  "signals.market.v1",
  "orders.intent.v1",
  "orders.execution.v1",
  "risk.policy.v1",
  "approvals.decision.v1",
  "control.halt.v1",
  "ledger.entries.v1",
];
const lag = (topics: string) => `max by (namespace, agent, topic) (${of("countersign_lag_seconds", topics)})`;
const refusals = (codes: readonly string[]) => of("countersign_refusals_total", anyOf("code", codes));
const refusal = (code: string, place = "pipeline") =>
  of("countersign_refusals_total", `agent="execution",code="${code}",place="${place}"`);
const letters = `max by (namespace, topic) (${of("countersign_dlq_records")})`;
const lettersBefore = (window: string) =>
  `max by (namespace, topic) (${of("countersign_dlq_records")} offset ${window})`;
const queue = of("countersign_dlq_records", 'agent="execution",topic="orders.intent.v1.execution.dlq"');
const inQueue = { topic: "orders.intent.v1.execution.dlq" };

export const bus: readonly Alert[] = [
  {
    name: "ConsumerLagging",
    severity: "page",
    owner: "platform",
    dashboard: "bus",
    expr: `${lag(anyOf("topic", PATH))} > 10`,
    for: "2m",
    summary: "{{ $labels.agent }} is {{ $value | humanizeDuration }} behind on {{ $labels.topic }}",
    description:
      "The record of {{ $labels.topic }} that {{ $labels.agent }} has in hand is {{ $value | humanizeDuration }} old: decisions rest on an old world.",
    mitigation: "restart the agent; its place is in its store and at the broker",
    fires: {
      series: { [of("countersign_lag_seconds", 'agent="policy",topic="orders.execution.v1"')]: "0x2 15+60x10" },
      at: "8m",
      labels: { agent: "policy", topic: "orders.execution.v1" },
    },
    quiet: {
      series: {
        [of("countersign_lag_seconds", 'agent="policy",topic="orders.execution.v1"')]: "0 20 0 20 0 0 0 0 0",
        [of("countersign_lag_seconds", 'agent="compliance",topic="audit.records.v1"')]: "30x20",
      },
      at: "8m",
    },
  },
  {
    name: "ConsumerLagging",
    severity: "ticket",
    owner: "platform",
    dashboard: "bus",
    expr: `${lag(noneOf("topic", PATH))} > 60`,
    for: "5m",
    summary: "{{ $labels.agent }} is {{ $value | humanizeDuration }} behind on {{ $labels.topic }}",
    description:
      "The record of {{ $labels.topic }} that {{ $labels.agent }} has in hand is {{ $value | humanizeDuration }} old.",
    mitigation: "restart the agent; its place is in its store and at the broker",
    fires: {
      series: { [of("countersign_lag_seconds", 'agent="compliance",topic="audit.records.v1"')]: "0x2 70+60x20" },
      at: "12m",
      labels: { agent: "compliance", topic: "audit.records.v1" },
    },
    quiet: {
      series: { [of("countersign_lag_seconds", 'agent="compliance",topic="audit.records.v1"')]: "30x20" },
      at: "12m",
    },
  },
  {
    name: "DeadLettersGrowing",
    severity: "ticket",
    owner: "platform",
    dashboard: "bus",
    expr: `${letters} - ${lettersBefore("15m")} > 0`,
    for: "1m",
    summary: "{{ $value }} more dead letters in {{ $labels.topic }}",
    description:
      "{{ $labels.topic }} has {{ $value }} letters more than 15 minutes ago. Each was refused, and is kept whole with the reason.",
    mitigation: "none is needed: nobody waits for a dead letter",
    fires: { series: { [queue]: "0x20 3x20" }, at: "25m", labels: inQueue },
    quiet: { series: { [queue]: "3x40" }, at: "30m" },
  },
  {
    name: "DeadLettersOld",
    severity: "ticket",
    owner: "platform",
    dashboard: "bus",
    expr: `max by (namespace, topic) (min_over_time(${of("countersign_dlq_records")}[1d])) > 0 and ${lettersBefore("1d")} > 0`,
    summary: "Dead letters in {{ $labels.topic }} lie there for more than a day",
    description: "{{ $labels.topic }} was not empty for a day. Letters go after 30 days by themselves, read or not.",
    mitigation: "`countersign dlq show`, then redrive what was cured",
    fires: { series: { [queue]: "3x1500" }, at: "24h30m", labels: inQueue },
    quiet: { series: { [queue]: "3x600 0x5 3x895" }, at: "24h30m" },
  },
  {
    name: "MessagesForged",
    severity: "page",
    owner: "risk",
    dashboard: "governance",
    expr: moved(refusals(FORGED), "agent, code, place", "10m"),
    summary: "{{ $labels.agent }} refuses what is not authentic: {{ $labels.code }}",
    description:
      "{{ $labels.agent }} refused messages with {{ $labels.code }} at {{ $labels.place }}: a key that is not granted, revoked, or not allowed to say that.",
    mitigation: "halt if it is not a rotation; revoke the key",
    fires: {
      series: { [refusal("BAD_SIGNATURE")]: "_x12 1x10" },
      at: "15m",
      labels: { agent: "execution", code: "BAD_SIGNATURE", place: "pipeline" },
    },
    quiet: { series: { [refusal("BAD_SIGNATURE")]: "4x40", [refusal("STALE")]: "0+1x40" }, at: "30m" },
  },
  {
    name: "MessagesMalformed",
    severity: "ticket",
    owner: "platform",
    dashboard: "bus",
    expr: moved(refusals(MALFORMED), "agent, code, place", "10m"),
    summary: "{{ $labels.agent }} cannot read what it gets: {{ $labels.code }}",
    description:
      "{{ $labels.agent }} refused messages with {{ $labels.code }} at {{ $labels.place }}: a schema or a version that does not fit.",
    mitigation: "roll the sender back",
    fires: {
      series: { [refusal("PAYLOAD_MALFORMED")]: "_x12 1x10" },
      at: "15m",
      labels: { agent: "execution", code: "PAYLOAD_MALFORMED", place: "pipeline" },
    },
    quiet: { series: { [refusal("PAYLOAD_MALFORMED")]: "1x40" }, at: "30m" },
  },
  {
    name: "CommandsStale",
    severity: "page",
    owner: "platform",
    dashboard: "bus",
    expr: `sum by (namespace, agent, code) (increase(${refusals(STALE)}[5m])) > 5`,
    summary: "{{ $labels.agent }} refuses commands for their time: {{ $labels.code }}",
    description:
      "{{ $labels.agent }} refused {{ $value | humanize }} commands with {{ $labels.code }} in 5 minutes: they come too late, or a clock is wrong.",
    mitigation: "see ClockSkewed and ConsumerLagging first",
    fires: { series: { [refusal("STALE")]: "0+2x40" }, at: "20m", labels: { agent: "execution", code: "STALE" } },
    quiet: { series: { [refusal("STALE")]: "0+0.5x40", [refusal("UNKNOWN_KEY")]: "0+9x40" }, at: "20m" },
  },
  {
    name: "SendersRateLimited",
    severity: "ticket",
    owner: "platform",
    dashboard: "bus",
    expr: `sum by (namespace, agent) (increase(${of("countersign_refusals_total", 'code="RATE_LIMITED"')}[15m])) > 0`,
    for: "5m",
    summary: "{{ $labels.agent }} refuses a sender that asks too often",
    description:
      "{{ $labels.agent }} refused {{ $value | humanize }} commands or calls in 15 minutes: a sender is above 2,000 a second.",
    mitigation: "stop the sender that repeats itself",
    fires: { series: { [refusal("RATE_LIMITED")]: "0+10x60" }, at: "30m", labels: { agent: "execution" } },
    quiet: { series: { [refusal("RATE_LIMITED")]: "10x60" }, at: "30m" },
  },
  {
    name: "OutboxStuck",
    severity: "page",
    owner: "platform",
    dashboard: "bus",
    expr: `max by (namespace, agent) (${of("countersign_outbox_age_seconds")}) > 30`,
    for: "1m",
    summary: "{{ $labels.agent }} has decided, and could not say so for {{ $value | humanizeDuration }}",
    description:
      "The oldest record that {{ $labels.agent }} has committed and not published is {{ $value | humanizeDuration }} old. Nobody has heard of it.",
    mitigation: "bring the brokers back: the relay goes on by itself",
    fires: {
      series: { [of("countersign_outbox_age_seconds", 'agent="policy"')]: "0x2 40+60x10" },
      at: "7m",
      labels: { agent: "policy" },
    },
    quiet: { series: { [of("countersign_outbox_age_seconds", 'agent="policy"')]: "0 35 0 35 0 0 0 0" }, at: "7m" },
  },
  {
    name: "BreakerOpen",
    severity: "ticket",
    owner: "platform",
    dashboard: "agents",
    expr: `max by (namespace, agent, server) (${of("countersign_breaker_state")}) == 2`,
    for: "1m",
    summary: "{{ $labels.agent }} does not call {{ $labels.server }} any more",
    description:
      "The circuit breaker of {{ $labels.agent }} towards {{ $labels.server }} is open for a minute: its calls failed, and it tries one now and then.",
    mitigation: "bring {{ $labels.server }} back; the breaker closes by itself",
    fires: {
      series: { [of("countersign_breaker_state", 'agent="policy",server="validator-2"')]: "0x2 2x10" },
      at: "6m",
      labels: { agent: "policy", server: "validator-2" },
    },
    quiet: {
      series: { [of("countersign_breaker_state", 'agent="policy",server="validator-2"')]: "0 2 1 0 2 1 0 0 0" },
      at: "6m",
    },
  },
  {
    name: "CacheDown",
    severity: "ticket",
    owner: "platform",
    dashboard: "platform",
    expr: `min by (namespace, agent) (${of("countersign_cache_up")}) == 0`,
    for: "5m",
    summary: "Redis does not answer {{ $labels.agent }}",
    description: "{{ $labels.agent }} goes on with its own share of the rate limits, and marks are not written.",
    mitigation: "none is needed: no decision reads the cache",
    fires: {
      series: { [of("countersign_cache_up", 'agent="policy"')]: "1x2 0x20" },
      at: "10m",
      labels: { agent: "policy" },
    },
    quiet: { series: { [of("countersign_cache_up", 'agent="policy"')]: "1 0 0 1 1 1 1 1 1 1 1 1" }, at: "10m" },
  },
];
