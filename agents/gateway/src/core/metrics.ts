import { ok } from "node:assert/strict";

/** One family: all its samples stand together. */
export interface Metric {
  /** A counter's ends in `_total`, and no other does. The unit is in the name: `seal_seconds`. */
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number | bigint;
}

/** What `renderMetrics` writes, for the content-type header. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Prometheus' text exposition format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats), which every scraper reads; counters
 * are named as OpenMetrics wants them. A page that breaks the format's rules, or says one thing twice, is thrown away whole by the
 * scraper, so it is an AssertionError here: names and labels are written in our code, only values and label values come from a run.
 */
export function renderMetrics(metrics: readonly Metric[]): string {
  const names = new Set<string>();
  let page = "";
  for (const metric of metrics) {
    const { name, help, type } = metric;
    ok(METRIC_NAME.test(name), `metric ${JSON.stringify(name)}: no name of a metric`);
    ok(!names.has(name), `metric ${name} stands there twice`);
    ok((type === "counter") === name.endsWith("_total"), `metric ${name}: a counter ends in _total, and no other does`);
    names.add(name);
    page += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${renderSamples(metric)}`;
  }
  return page;
}

function renderSamples({ name, type, samples }: Metric): string {
  const lines = new Map<string, string>();
  for (const { labels = {}, value } of samples) {
    ok(type === "gauge" || value >= 0, `metric ${name}: ${value} is no count`);
    const series = `${name}${renderLabels(name, labels)}`;
    ok(!lines.has(series), `metric: ${series} stands there twice`);
    lines.set(series, `${series} ${renderValue(value)}\n`);
  }
  return [...lines.values()].join("");
}

/** In the order of their names, so that one series is one text. */
function renderLabels(metric: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    ok(LABEL_NAME.test(name), `metric ${metric}: ${JSON.stringify(name)} is no name of a label`);
    return `${name}="${escapeLabel(value)}"`;
  });
  return pairs.length === 0 ? "" : `{${pairs.sort().join(",")}}`;
}

/** As Go's ParseFloat reads it. */
function renderValue(value: number | bigint): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** Names that begin with two underscores are Prometheus' own. */
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
