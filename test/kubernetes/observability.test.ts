// Rules, dashboards and runbooks speak of what there is: metrics that our code exports, labels and values that it sets, commands that exist.
import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { calls, topics } from "@countersign/contracts";
import { pipelineCodes } from "@countersign/envelope";
import { gateCodes } from "@countersign/permit";
import {
  HALT_SCOPES,
  MEASURED_WORK,
  METRICS,
  STEP_BOUNDS_SECONDS,
  STEPS,
  WORK_BOUNDS_SECONDS,
} from "@countersign/telemetry";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { program } from "../../cli/src/program.ts";
import { alerts } from "../../scripts/observability/alerts.ts";
import { dashboards } from "../../scripts/observability/dashboards.ts";
import { alertsByName, procedures, RUNBOOKS, runbookOutputs } from "../../scripts/observability/runbooks.ts";
import { measuredSlos, sloAlertOf } from "../../scripts/observability/slo.ts";
import { processes, topology } from "../../scripts/observability/topology.ts";
import { root, run } from "../../scripts/run.ts";
import { commandsOfRunbooks, ownWords } from "./support/commands.ts";
import { bareNames, groupedBy, selectorsOf } from "./support/promql.ts";

const read = (path: string) => readFileSync(join(root, path), "utf8");

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
interface RuleGroups {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}
const ruleNames = readdirSync(join(root, "charts/countersign/files/rules")).map((file) => file.replace(".yaml", ""));
const rules = ruleNames.flatMap((name) =>
  (parse(read(`charts/countersign/files/rules/${name}.yaml`)) as RuleGroups).groups.flatMap((group) => group.rules),
);
const panels = dashboards.flatMap(({ title, rows }) =>
  rows.flatMap((row) => row.panels.map((panel) => ({ board: title, panel }))),
);
/** Queries of analyses stand among other words of templates, and have templates inside: of them only the names of series are read. */
const inTemplates = globSync(["charts/countersign/templates/**/*.{yaml,tpl}", "k8s/**/*.yaml"], { cwd: root })
  .map(read)
  .flatMap((text) => [...text.matchAll(/\b(countersign_[a-z_]+)\b/g)].map(([, name]) => `${name}{}`));
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap(({ panel }) => panel.queries.map(({ expr }) => expr)),
  ...inTemplates,
];

/** Whoever exports them: kube-state-metrics, and Prometheus itself. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  kube_pod_container_resource_limits: ["resource", "pod", "container"],
  kube_cronjob_status_last_successful_time: ["cronjob"],
  ALERTS: ["alertname", "alertstate", "severity", "owner", "agent"],
};
/** What a scrape adds to every series of ours. */
const TARGET = ["namespace", "agent", "pod", "container"];
const specs = Object.values(METRICS);
const recorded = new Set(rules.flatMap(({ record }) => record ?? []));

/** Undefined: nobody exports it. */
function labelsOf(metric: string): readonly string[] | undefined {
  if (OTHERS[metric] !== undefined) return [...OTHERS[metric], "namespace"];
  if (recorded.has(metric)) return [...TARGET, "slo"];
  const histogram = specs.find(
    ({ name, type }) =>
      type === "histogram" && metric.startsWith(name) && /^_(bucket|sum|count)$/.test(metric.slice(name.length)),
  );
  if (histogram !== undefined) return [...TARGET, ...histogram.labels, ...(metric.endsWith("_bucket") ? ["le"] : [])];
  const spec = specs.find(({ name, type }) => name === metric && type !== "histogram");
  return spec && [...TARGET, ...spec.labels];
}

const sources = globSync(["{packages,agents,platform,venues}/*/src/**/*.ts", "platform/src/**/*.ts"], { cwd: root })
  .filter((file) => !file.endsWith(".test.ts"))
  .map(read)
  .join("\n");
const bounds = new Set(
  [...STEP_BOUNDS_SECONDS, ...WORK_BOUNDS_SECONDS].map((bound) =>
    Number.isInteger(bound) ? `${bound}.0` : String(bound),
  ),
);
const topicNames = [...topics.map(({ topic }) => topic), ...topology.topics.map(({ topic }) => topic)];
const isSaid = (code: string) => sources.includes(`"${code}"`);
/** Alert codes that are made of two parts. */
const isAlertCode = (code: string) =>
  isSaid(code) ||
  (/^AUDIT_(GAP|FORK)$/.test(code) && /`AUDIT_\$\{code\}`/.test(sources)) ||
  (code.startsWith("COSIGNATURE_") && /`COSIGNATURE_\$\{code\}`/.test(sources));
const CLOSED: Readonly<Record<string, (value: string, metric: string) => boolean>> = {
  step: (value) => (STEPS as readonly string[]).includes(value),
  topic: (value) => topicNames.includes(value),
  scope: (value) => (HALT_SCOPES as readonly string[]).includes(value),
  operation: (value) => (MEASURED_WORK as readonly string[]).includes(value),
  name: (value) => topicNames.includes(value) || calls.some(({ call }) => call === value),
  le: (value) => bounds.has(value),
  agent: (value) => processes().includes(value) || topology.agents[value] !== undefined,
  quantile: (value) => ["p50", "p99", "max"].includes(value),
  slo: (value) => measuredSlos().some(({ slo }) => slo === value),
  verdict: (value) => ["permit", "rejection", "escalation", "same", "differs", "missing", "extra"].includes(value),
  outcome: (value) => ["accepted", "filled", "refused", "exported", "lost"].includes(value) && isSaid("lost"),
  figure: (value) => /^(equity|deposits|realised|unrealised|fees|traded|exposure)$/.test(value),
  code: (value, metric) => {
    if (metric === "countersign_orders_refused_total") return (gateCodes as readonly string[]).includes(value);
    if (metric === "countersign_alerts_total") return isAlertCode(value);
    return (pipelineCodes as readonly string[]).includes(value) || isSaid(value);
  },
  place: (value) => isSaid(value),
};

describe("rules, dashboards and analyses", () => {
  it("are what their sources make", async () => {
    const { code, output } = await run("node", ["scripts/observability/generate.ts", "--check"]);
    expect(output).toBe("");
    expect(code).toBe(0);
  });

  it("name metrics that somebody exports, and select every one of them", () => {
    const unknown = expressions.flatMap((expr) => [
      ...selectorsOf(expr).flatMap(({ metric }) => (labelsOf(metric) === undefined ? [metric] : [])),
      ...bareNames(expr),
    ]);
    expect([...new Set(unknown)]).toEqual([]);
  });

  it("name labels that these metrics have", () => {
    const wrong = expressions.flatMap((expr) => {
      const selectors = selectorsOf(expr);
      const known = new Set(["", ...selectors.flatMap(({ metric }) => labelsOf(metric) ?? [])]);
      return [
        ...selectors.flatMap(({ metric, matchers }) =>
          matchers.filter(({ label }) => !labelsOf(metric)?.includes(label)).map(({ label }) => `${metric}: ${label}`),
        ),
        ...groupedBy(expr)
          .filter((label) => !known.has(label))
          .map((label) => `${expr}: by ${label}`),
      ];
    });
    expect(wrong).toEqual([]);
  });

  it("name values that our code sets, wherever there is a closed list of them", () => {
    const values = expressions.flatMap((expr) =>
      selectorsOf(expr).flatMap(({ metric, matchers }) =>
        matchers.flatMap(({ label, value }) => value.split("|").map((one) => ({ metric, label, value: one }))),
      ),
    );
    const isFree = (value: string) =>
      value.startsWith("$") || value.includes(".+") || value.includes("{{") || value === ".*";
    const wrong = values.filter(
      ({ metric, label, value }) => !isFree(value) && CLOSED[label]?.(value, metric) === false,
    );
    // Canaries go by names of their own, and are no agents.
    expect(wrong.filter(({ value }) => !value.endsWith("-canary"))).toEqual([]);
    for (const label of ["step", "topic", "scope", "operation", "name", "le", "code"])
      expect(
        values.some((one) => one.label === label && !isFree(one.value)),
        label,
      ).toBe(true);
  });

  it("use every metric of ours somewhere: what nobody looks at need not be counted", () => {
    const used = new Set(
      expressions.flatMap((expr) => selectorsOf(expr).map(({ metric }) => metric.replace(/_(bucket|sum|count)$/, ""))),
    );
    expect(specs.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  });
});

describe("an alert", () => {
  it("is tried firing and quiet by promtool, and the watchdog alone is never quiet", () => {
    interface Tests {
      readonly tests: readonly {
        readonly promql_expr_test: readonly { readonly expr: string; readonly exp_samples: readonly unknown[] }[];
      }[];
    }
    const tried = ruleNames.flatMap((name) =>
      (parse(read(`ops/alerts/tests/${name}.yaml`)) as Tests).tests.flatMap((test) => test.promql_expr_test),
    );
    const missing = alerts.flatMap(({ name, severity, labels = {} }) => {
      const asks = [
        `alertname="${name}"`,
        `severity="${severity}"`,
        ...Object.entries(labels).map(([key, value]) => `${key}="${value}"`),
      ];
      const own = tried.filter(({ expr }) => asks.every((one) => expr.includes(one)));
      const [fires, quiet] = [
        own.some((one) => one.exp_samples.length > 0),
        own.some((one) => one.exp_samples.length === 0),
      ];
      return fires && (quiet || name === "Watchdog") ? [] : [`${name} ${severity}`];
    });
    expect(missing).toEqual([]);
    expect(tried.length).toBeGreaterThanOrEqual(2 * alerts.length - 1);
  });

  it("is in the rules with severity, owner, words, runbook and dashboard", () => {
    const inRules = rules.filter(({ alert }) => alert !== undefined);
    expect(inRules).toHaveLength(alerts.length);
    for (const { alert, labels, annotations = {} } of inRules) {
      expect(labels.severity, alert).toMatch(/^(page|ticket|none)$/);
      expect(labels.owner, alert).toMatch(/^(risk|compliance|platform)$/);
      expect(annotations.runbook_url).toBe(`ops/runbooks/${alert}.md`);
      expect(dashboards.map(({ uid }) => uid as string)).toContain(annotations.dashboard);
      for (const words of [annotations.summary, annotations.description])
        expect(words?.length, alert).toBeGreaterThan(10);
    }
  });

  it("tells apart by labels what its words name", () => {
    for (const { name, expr, labels = {}, summary, description } of alerts) {
      const named = [...`${summary} ${description}`.matchAll(/\$labels\.([a-z_]+)/g)].map(([, label = ""]) => label);
      const kept = new Set([
        ...groupedBy(expr),
        ...Object.keys(labels),
        ...(expr.startsWith("absent") ? ["agent"] : []),
      ]);
      expect(
        named.filter((label) => !kept.has(label)),
        name,
      ).toEqual([]);
    }
  });

  it("has a runbook, and every runbook a live alert; so has every agent, and every procedure", () => {
    const pagesIn = (folder: string) =>
      readdirSync(join(root, folder))
        .filter((file) => file.endsWith(".md"))
        .toSorted();
    expect(pagesIn(RUNBOOKS)).toEqual([...alertsByName.keys(), "README"].map((name) => `${name}.md`).toSorted());
    expect(pagesIn(`${RUNBOOKS}/agents`)).toEqual(
      Object.keys(topology.agents)
        .map((name) => `${name}.md`)
        .toSorted(),
    );
    expect(pagesIn(`${RUNBOOKS}/procedures`)).toEqual(
      Object.keys(procedures)
        .map((name) => `${name}.md`)
        .toSorted(),
    );
    expect(Object.values(runbookOutputs())).not.toContain(undefined);
  });
});

describe("a dashboard", () => {
  it("has one of the seven uids, and panels with words, a unit, and runbooks that exist", () => {
    const names = ["overview", "money", "agents", "governance", "bus", "venues", "platform"];
    expect(dashboards.map(({ uid }) => uid)).toEqual(names.map((name) => `countersign-${name}`));
    for (const { board, panel } of panels) {
      expect(panel.description.length, `${board}: ${panel.title}`).toBeGreaterThan(10);
      expect(panel.unit).not.toBe("");
      if (panel.alert !== undefined) expect([...alertsByName.keys()]).toContain(panel.alert);
    }
  });

  it("lays no panel over another, within the page", () => {
    interface Grid {
      readonly panels: readonly {
        readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
      }[];
    }
    for (const { uid } of dashboards) {
      const { panels: laid } = JSON.parse(read(`charts/countersign/files/dashboards/${uid}.json`)) as Grid;
      const cells = laid.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
      );
      expect(new Set(cells).size, uid).toBe(cells.length);
      expect(
        laid.every(({ gridPos: { x, w } }) => x + w <= 24),
        uid,
      ).toBe(true);
    }
  });

  it("asks histograms alone for exemplars", () => {
    for (const { panel } of panels)
      for (const { expr, exemplars } of panel.queries) if (exemplars === true) expect(expr).toContain("_bucket{");
  });
});

describe("an objective of a canvas", () => {
  it("is read off a bound of its histogram, or a gauge that there is", () => {
    for (const { agent, objective } of measuredSlos()) {
      const spec = specs.find(({ name }) => name === objective.metric);
      if (!("withinSeconds" in objective)) {
        expect(spec?.type, agent).toBe("gauge");
        expect(
          [objective.atMost, objective.atLeast].filter((bound) => bound !== undefined),
          agent,
        ).toHaveLength(1);
        continue;
      }
      const own = objective.metric === METRICS.work.name ? WORK_BOUNDS_SECONDS : STEP_BOUNDS_SECONDS;
      expect(own as readonly number[], agent).toContain(objective.withinSeconds);
      expect(Object.keys(objective.labels).toSorted(), agent).toEqual([...(spec?.labels ?? [])].toSorted());
    }
  });

  it("is of work that this agent does, and every agent has one", () => {
    for (const { agent, objective } of measuredSlos()) {
      if (!("withinSeconds" in objective) || objective.metric !== METRICS.work.name) continue;
      const { operation, name = "" } = objective.labels;
      const facts = topology.agents[agent];
      const does = operation === "serve" ? facts?.serves : facts?.reads.map(({ topic }) => topic);
      expect(does, agent).toContain(name);
    }
    expect([...new Set(measuredSlos().map(({ agent }) => agent))].toSorted()).toEqual(
      Object.keys(topology.agents).toSorted(),
    );
    for (const agent of Object.keys(topology.agents)) expect([...alertsByName.keys()]).toContain(sloAlertOf(agent));
  });
});

describe("a runbook", () => {
  const HEADINGS = [
    "Meaning",
    "Impact",
    "First three minutes",
    "Diagnosis",
    "Mitigation",
    "Verification",
    "Escalation",
    "After",
  ];

  it("of an alert says everything that somebody has to know who is woken, in one order", () => {
    for (const name of alertsByName.keys()) {
      const page = read(`${RUNBOOKS}/${name}.md`);
      expect(
        [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading),
        name,
      ).toEqual(HEADINGS);
      const [, first = ""] = /## First three minutes\n([\s\S]*?)\n## /.exec(page) ?? [];
      expect(first, name).toMatch(/```sh\n(# .+\n\S.*\n)+```/);
    }
  });

  it("tells only commands of ours that exist, with options that they have", () => {
    const { command } = program("0", { cwd: root, npmOptions: [] } as unknown as Parameters<typeof program>[1]);
    const told = commandsOfRunbooks().flatMap(({ page, line }) => {
      const words = ownWords(line);
      return words === undefined || words.length === 0 ? [] : [{ page, line, words }];
    });
    expect(told.length).toBeGreaterThan(100);
    const wrong = told.flatMap(({ page, line, words }) => {
      let at = command;
      let n = 0;
      for (; n < words.length; n++) {
        const next = at.commands.find((one) => one.name() === words[n]);
        if (next === undefined) break;
        at = next;
      }
      if (at === command) return [`${page}: ${line}`];
      const options = words.slice(n).filter((word) => /^--?[a-z]/.test(word));
      const unknown = options.filter(
        (option) => !at.options.some(({ short, long }) => option === short || option === long),
      );
      const missing = at.options.filter(
        (option) => option.mandatory && !options.some((one) => one === option.short || one === option.long),
      );
      return [
        ...unknown.map((option) => `${page}: ${line}: no ${option}`),
        ...missing.map(({ long }) => `${page}: ${line}: needs ${long}`),
      ];
    });
    expect(wrong).toEqual([]);
  });
});
