/** A dashboard as it is written here, and as Grafana reads it: plain JSON, by our own hand, so that a diff of it can be reviewed. */
import type { Dashboard } from "../alert.ts";

export interface DashboardSpec {
  readonly uid: `countersign-${Dashboard}`;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly Row[];
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

interface Panel {
  readonly title: string;
  readonly description: string;
  /** As Grafana calls it. */
  readonly unit: Unit;
  /** Columns of 24. */
  readonly width: number;
  readonly kind: "timeseries" | "stat" | "heatmap" | "table";
  readonly queries: readonly Query[];
  /** From this value on it is yellow, and red. */
  readonly thresholds?: { readonly warn: number; readonly bad: number; readonly isBelow?: boolean };
  /** The runbook of the alert that watches over it. */
  readonly alert?: string;
  readonly stack?: boolean;
}

type Unit = "s" | "ms" | "short" | "percentunit" | "bytes" | "reqps" | "none" | "dateTimeFromNow" | "bool_yes_no";

interface Query {
  readonly expr: string;
  readonly legend: string;
  /** Its dots lead to traces. */
  readonly exemplars?: boolean;
}

/** A selector with what the reader chose at the top of the page. */
export function shown(metric: string, matchers = ""): string {
  return `${metric}{namespace="$namespace",agent=~"$agent"${matchers === "" ? "" : `,${matchers}`}}`;
}

/** Of one quantile, over the buckets of a histogram. */
export function quantile(share: number, histogram: string, by: string, matchers = ""): string {
  return `histogram_quantile(${share}, sum by (le, ${by}) (rate(${shown(`${histogram}_bucket`, matchers)}[$__rate_interval])))`;
}

export function rate(counter: string, by: string, matchers = ""): string {
  return `sum by (${by}) (rate(${shown(counter, matchers)}[$__rate_interval]))`;
}

const ROW_HEIGHT = 1;
const PANEL_HEIGHT = 8;
const STAT_HEIGHT = 4;

export function grafanaJson({ uid, title, description, rows }: DashboardSpec, all: readonly DashboardSpec[]): string {
  const json = {
    uid,
    title: `Countersign / ${title}`,
    description,
    tags: ["countersign"],
    schemaVersion: 41,
    version: 1,
    editable: false,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    timezone: "utc",
    templating: { list: [source(), variable("namespace", false), variable("agent", true)] },
    links: all.filter((other) => other.uid !== uid).map(linkTo),
    annotations: { list: [halts()] },
    panels: laidOut(rows),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

function laidOut(rows: readonly Row[]): readonly object[] {
  const panels: object[] = [];
  let y = 0;
  for (const { title, panels: own } of rows) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: 24, h: ROW_HEIGHT },
      panels: [],
    });
    y += ROW_HEIGHT;
    let x = 0;
    let height = 0;
    for (const panel of own) {
      if (x + panel.width > 24) {
        y += height;
        x = 0;
        height = 0;
      }
      const h = panel.kind === "stat" ? STAT_HEIGHT : PANEL_HEIGHT;
      panels.push({ id: panels.length + 1, ...panelJson(panel), gridPos: { x, y, w: panel.width, h } });
      x += panel.width;
      height = Math.max(height, h);
    }
    y += height;
  }
  return panels;
}

function panelJson({ title, description, unit, kind, queries, thresholds, alert, stack = false }: Panel): object {
  return {
    type: kind,
    title,
    description,
    datasource: DATASOURCE,
    links: alert === undefined ? [] : [{ title: `Runbook: ${alert}`, url: `RUNBOOKS/${alert}.md`, targetBlank: true }],
    fieldConfig: {
      defaults: {
        unit,
        ...(thresholds !== undefined && { thresholds: stepsOf(thresholds), color: { mode: "thresholds" } }),
        ...(kind === "timeseries" && {
          custom: { lineWidth: 1, fillOpacity: stack ? 30 : 5, showPoints: "never", ...stacking(stack) },
        }),
      },
      overrides: [],
    },
    options: optionsOf(kind),
    targets: queries.map(({ expr, legend, exemplars = false }, n) => ({
      refId: String.fromCharCode(65 + n),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      ...(exemplars && { exemplar: true }),
      ...(kind === "table" && { format: "table", instant: true }),
      ...(kind === "heatmap" && { format: "heatmap" }),
      ...(kind === "stat" && { instant: true }),
    })),
  };
}

function optionsOf(kind: Panel["kind"]): object {
  switch (kind) {
    case "stat":
      return {
        reduceOptions: { calcs: ["lastNotNull"], values: false },
        colorMode: "value",
        graphMode: "area",
        textMode: "auto",
      };
    case "heatmap":
      return {
        calculate: false,
        yAxis: { unit: "s" },
        color: { mode: "scheme", scheme: "Oranges" },
        exemplars: { color: "rgba(255,0,255,0.7)" },
      };
    case "table":
      return { showHeader: true, cellHeight: "sm" };
    case "timeseries":
      return { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } };
  }
}

function stepsOf({ warn, bad, isBelow = false }: NonNullable<Panel["thresholds"]>): object {
  const [first, middle, last] = isBelow ? ["red", "yellow", "green"] : ["green", "yellow", "red"];
  const [low, high] = isBelow ? [bad, warn] : [warn, bad];
  const steps = [
    { color: first, value: null },
    { color: middle, value: low },
    { color: last, value: high },
  ];
  return { mode: "absolute", steps };
}

function stacking(isStacked: boolean): object {
  return isStacked ? { stacking: { mode: "normal", group: "A" } } : {};
}

function source(): object {
  return { name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus", current: {}, hide: 0 };
}

function variable(name: "namespace" | "agent", isMulti: boolean): object {
  const within = name === "agent" ? '{namespace="$namespace"}' : "";
  const query = `label_values(process_start_time_seconds${within}, ${name})`;
  return {
    name,
    type: "query",
    datasource: DATASOURCE,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    multi: isMulti,
    includeAll: isMulti,
    ...(isMulti && { allValue: ".*", current: { text: "All", value: "$__all" } }),
  };
}

/** A line through every panel while anything is halted. */
function halts(): object {
  return {
    name: "Halts",
    datasource: DATASOURCE,
    enable: true,
    iconColor: "red",
    expr: 'max by (scope) (countersign_halts{namespace="$namespace",scope!="birth"}) > 0',
    titleFormat: "halted: {{scope}}",
    step: "30s",
  };
}

function linkTo({ uid, title }: DashboardSpec): object {
  const url = `/d/${uid}?\${namespace:queryparam}&\${agent:queryparam}&\${__url_time_range}`;
  return { title, type: "link", url, icon: "dashboard", targetBlank: false };
}

const DATASOURCE = { type: "prometheus", uid: "$datasource" };
