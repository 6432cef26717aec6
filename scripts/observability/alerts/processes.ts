/** The processes themselves: there or not, ready or not, and what they live on. */
import { VALIDATORS } from "../../../platform/src/genesis.ts";
import { type Alert, anyOf, noneOf, of } from "../alert.ts";
import { processes } from "../topology.ts";

/** Without one of them no order is made, or none is watched over; validators page as a quorum. */
const PATH = ["market", "signal", "portfolio", "hedger", "policy", "execution", "compliance"];
const isOnPath = (name: string) => PATH.includes(name);
const started = (agent: string) => of("process_start_time_seconds", `agent="${agent}"`);
const ready = (matchers: string) => `min by (namespace, agent) (${of("countersign_ready", matchers)}) == 0`;
const memory = of("process_resident_memory_bytes", 'agent="policy",pod="policy-0",container="policy"');
const limit = of("kube_pod_container_resource_limits", 'resource="memory",pod="policy-0",container="policy"');
const until = (metric: string, by: string) => `min by (namespace, ${by}) (${of(metric)}) - time()`;
const DAY = 86_400;
const words = (matchers = "") =>
  `sum by (namespace, agent) (increase(${of("countersign_canary_words_total", matchers)}[30m]))`;
const word = (verdict: string) => of("countersign_canary_words_total", `agent="signal-canary",verdict="${verdict}"`);

function missing(name: string): Alert {
  const isPage = isOnPath(name);
  return {
    name: "AgentMissing",
    severity: isPage ? "page" : "ticket",
    owner: "platform",
    dashboard: "agents",
    expr: `absent(${started(name)})`,
    for: isPage ? "2m" : "5m",
    labels: { process: name },
    summary: `No metrics of ${name}`,
    description: `Nobody has seen ${name} for ${isPage ? 2 : 5} minutes: it does not run, or is not scraped.`,
    mitigation: "restart it; where it runs, the scrape is at fault",
    fires: { series: { [started(name)]: "1e9x5 _x30" }, at: "25m", labels: { process: name } },
    quiet: { series: { [started(name)]: "1e9x40" }, at: "25m" },
  };
}

function expiring(name: string, metric: string, by: string, what: string, whose: string): readonly Alert[] {
  const label = by.includes("file") ? 'agent="policy",file="tls/tls.crt"' : 'agent="policy"';
  const labels = by.includes("file") ? { agent: "policy", file: "tls/tls.crt" } : { agent: "policy" };
  const one = (severity: "page" | "ticket", days: number): Alert => ({
    name,
    severity,
    owner: "platform",
    dashboard: "platform",
    expr: `${until(metric, by)} < ${days} * ${DAY}`,
    summary: `${what} of {{ $labels.agent }} ends in {{ $value | humanizeDuration }}`,
    description: `${whose} ends in {{ $value | humanizeDuration }}; after it nobody believes {{ $labels.agent }} any more.`,
    mitigation: "rotate it now: both are believed meanwhile",
    fires: { series: { [of(metric, label)]: `${days * DAY - 3_600}x10` }, at: "5m", labels },
    quiet: { series: { [of(metric, label)]: `${days * DAY + 3_600}x10` }, at: "5m" },
  });
  return [one("ticket", 14), one("page", 2)];
}

export const processAlerts: readonly Alert[] = [
  ...processes().map(missing),
  {
    name: "AgentNotReady",
    severity: "page",
    owner: "platform",
    dashboard: "agents",
    expr: ready(anyOf("agent", PATH)),
    for: "2m",
    summary: "{{ $labels.agent }} runs and is not ready",
    description: "{{ $labels.agent }} says for 2 minutes that it should get no work; `/readyz` says why in one line.",
    mitigation: "what it says it lacks: an engine, the fence, the venue",
    fires: {
      series: { [of("countersign_ready", 'agent="policy"')]: "1x2 0x20" },
      at: "8m",
      labels: { agent: "policy" },
    },
    quiet: {
      series: {
        [of("countersign_ready", 'agent="policy"')]: "1 0 1 0 1 1 1 1 1",
        [of("countersign_ready", 'agent="gateway"')]: "0x20",
      },
      at: "8m",
    },
  },
  {
    name: "AgentNotReady",
    severity: "ticket",
    owner: "platform",
    dashboard: "agents",
    expr: ready(noneOf("agent", [...PATH, ...VALIDATORS])),
    for: "10m",
    summary: "{{ $labels.agent }} runs and is not ready",
    description: "{{ $labels.agent }} says for 10 minutes that it should get no work; `/readyz` says why in one line.",
    mitigation: "what it says it lacks: an engine or the fence",
    fires: {
      series: { [of("countersign_ready", 'agent="gateway"')]: "1x2 0x30" },
      at: "20m",
      labels: { agent: "gateway" },
    },
    quiet: {
      series: {
        [of("countersign_ready", 'agent="gateway"')]: "1x30",
        [of("countersign_ready", 'agent="validator-1"')]: "0x30",
      },
      at: "20m",
    },
  },
  {
    name: "ProcessRestarting",
    severity: "ticket",
    owner: "platform",
    dashboard: "platform",
    expr: `sum by (namespace, agent) (changes(${of("process_start_time_seconds")}[30m])) > 3`,
    summary: "{{ $labels.agent }} has started {{ $value }} times again in half an hour",
    description:
      "{{ $labels.agent }} ended {{ $value }} times within 30 minutes. Exit code 70 is a broken invariant, 137 the memory limit.",
    mitigation: "roll back to the image before",
    fires: { series: { [started("signal")]: "1 2 3 4 5 6 6 6 6" }, at: "8m", labels: { agent: "signal" } },
    quiet: { series: { [started("signal")]: "1 2 2 2 2 2 2 2 2" }, at: "8m" },
  },
  {
    name: "ClockSkewed",
    severity: "ticket",
    owner: "platform",
    dashboard: "platform",
    expr: `max by (namespace, agent) (abs(${of("countersign_clock_offset_seconds")})) > 0.25`,
    for: "1m",
    summary: "The clock of {{ $labels.agent }} is {{ $value | humanizeDuration }} away from the database's",
    description:
      "{{ $labels.agent }} and PostgreSQL differ by {{ $value | humanizeDuration }}. Commands go stale by the clock of whoever reads them.",
    mitigation: "restart the time service of the node",
    fires: {
      series: { [of("countersign_clock_offset_seconds", 'agent="policy"')]: "0x2 -0.4x10" },
      at: "6m",
      labels: { agent: "policy" },
    },
    quiet: {
      series: { [of("countersign_clock_offset_seconds", 'agent="policy"')]: "0 0.3 -0.2 0.2 0.24 0.1 0" },
      at: "6m",
    },
  },
  {
    name: "EventLoopSlow",
    severity: "ticket",
    owner: "platform",
    dashboard: "platform",
    expr: `max by (namespace, agent) (${of("nodejs_eventloop_delay_seconds", 'quantile="p99"')}) > 0.2`,
    for: "5m",
    summary: "The event loop of {{ $labels.agent }} is {{ $value | humanizeDuration }} late",
    description:
      "One wake-up in a hundred of {{ $labels.agent }} comes {{ $value | humanizeDuration }} late: it has too little processor, or too much to do.",
    mitigation: "give it more processor: `processes.<agent>.resources`",
    fires: {
      series: { [of("nodejs_eventloop_delay_seconds", 'agent="policy",quantile="p99"')]: "0.01x2 0.5x20" },
      at: "10m",
      labels: { agent: "policy" },
    },
    quiet: {
      series: {
        [of("nodejs_eventloop_delay_seconds", 'agent="policy",quantile="p99"')]: "0.01 0.3 0.01 0.01 0.3 0.01x10",
        [of("nodejs_eventloop_delay_seconds", 'agent="policy",quantile="max"')]: "0.5x20",
      },
      at: "10m",
    },
  },
  {
    name: "MemoryNearLimit",
    severity: "ticket",
    owner: "platform",
    dashboard: "platform",
    expr:
      `max by (namespace, pod, container) (${of("process_resident_memory_bytes")}) / ` +
      `max by (namespace, pod, container) (${of("kube_pod_container_resource_limits", 'resource="memory"')}) > 0.9`,
    for: "10m",
    summary: "{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its memory",
    description:
      "{{ $labels.pod }} stands at {{ $value | humanizePercentage }} of the limit at which the kernel ends it.",
    mitigation: "restart it at a moment of one's own choice",
    fires: {
      series: { [memory]: "400x30", [limit]: "420x30" },
      at: "20m",
      labels: { pod: "policy-0", container: "policy" },
    },
    quiet: { series: { [memory]: "300x30", [limit]: "420x30" }, at: "20m" },
  },
  {
    name: "SpansLost",
    severity: "ticket",
    owner: "platform",
    dashboard: "platform",
    expr: `sum by (namespace, agent) (rate(${of("countersign_spans_total", 'outcome="lost"')}[10m])) > 0`,
    for: "10m",
    summary: "Spans of {{ $labels.agent }} are lost",
    description:
      "{{ $labels.agent }} loses {{ $value | humanize }} spans a second: the collector is away or slow. Traces have gaps, and nothing else has.",
    mitigation: "none is needed: no decision waits for a span",
    fires: {
      series: { [of("countersign_spans_total", 'agent="policy",outcome="lost"')]: "0+10x60" },
      at: "30m",
      labels: { agent: "policy" },
    },
    quiet: {
      series: {
        [of("countersign_spans_total", 'agent="policy",outcome="lost"')]: "10x60",
        [of("countersign_spans_total", 'agent="policy",outcome="exported"')]: "0+10x60",
      },
      at: "30m",
    },
  },
  {
    name: "FlagsRefused",
    severity: "ticket",
    owner: "platform",
    dashboard: "platform",
    expr: `max by (namespace, agent) (${of("countersign_flags_refused")}) == 1`,
    for: "5m",
    summary: "{{ $labels.agent }} refuses the flags it is given",
    description:
      "{{ $labels.agent }} cannot take its `flags.json`: what the one before said holds, and after a restart what it is started with. Its log says which flag and which value.",
    mitigation: "take back the last change of the flags",
    fires: {
      series: { [of("countersign_flags_refused", 'agent="policy"')]: "0x2 1x20" },
      at: "10m",
      labels: { agent: "policy" },
    },
    quiet: { series: { [of("countersign_flags_refused", 'agent="policy"')]: "0 1 1 0x20" }, at: "10m" },
  },
  ...expiring(
    "KeyExpiring",
    "countersign_key_expiry_timestamp_seconds",
    "agent",
    "The key",
    "The key that signs its envelopes",
  ),
  ...expiring(
    "CertificateExpiring",
    "countersign_certificate_expiry_timestamp_seconds",
    "agent, file",
    "A certificate",
    "{{ $labels.file }}",
  ),
  {
    name: "CanaryFailing",
    severity: "ticket",
    owner: "platform",
    dashboard: "overview",
    expr: `time() - max by (namespace, cronjob) (${of("kube_cronjob_status_last_successful_time", 'cronjob="canary"')}) > 3600`,
    summary: "No order was followed from quote to ledger for {{ $value | humanizeDuration }}",
    description:
      "The synthetic canary last succeeded {{ $value | humanizeDuration }} ago; it runs every 15 minutes. In a market without orders it says so in its log.",
    mitigation: "roll back what was rolled out last",
    fires: {
      series: { [of("kube_cronjob_status_last_successful_time", 'cronjob="canary"')]: "0x100" },
      at: "70m",
      labels: { cronjob: "canary" },
    },
    quiet: {
      series: { [of("kube_cronjob_status_last_successful_time", 'cronjob="canary"')]: "0+60x100" },
      at: "70m",
    },
  },
  {
    name: "CanaryDisagrees",
    severity: "ticket",
    owner: "platform",
    dashboard: "agents",
    expr: `${words(noneOf("verdict", ["same"]))} / ${words()} > 0.01 and ${words()} > 20`,
    for: "5m",
    summary: "{{ $labels.agent }} would have said something else",
    description:
      "Of more than 20 words of {{ $labels.agent }} in 30 minutes {{ $value | humanizePercentage }} were not those of the version that runs. It publishes nowhere.",
    mitigation: "do not promote that version",
    fires: {
      series: { [word("same")]: "0+9x60", [word("differs")]: "0+1x60" },
      at: "45m",
      labels: { agent: "signal-canary" },
    },
    quiet: { series: { [word("same")]: "0+9x60", [word("differs")]: "1x60" }, at: "45m" },
  },
  {
    name: "Watchdog",
    severity: "none",
    owner: "platform",
    dashboard: "overview",
    expr: `vector(1)`,
    summary: "Alerting works",
    description:
      "It fires always. A receiver outside the cluster pages when it has not heard this for 5 minutes: then nobody hears anything else either.",
    mitigation: "bring Prometheus or Alertmanager back",
    fires: { series: {}, at: "1m", labels: {} },
    quiet: { series: {}, at: "1m" },
  },
];
