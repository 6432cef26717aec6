/** Rule files as Prometheus reads them, and their tests as promtool does. */
import { stringify } from "yaml";
import type { Alert, Case } from "./alert.ts";
import { type RuleFile, ruleFiles } from "./alerts.ts";
import { GENERATED } from "./generated.ts";

/** The chart puts the address of the repository in front of it. */
const RUNBOOKS = "ops/runbooks";

function rulesYaml(file: RuleFile): string {
  const groups = groupsOf(file);
  return GENERATED + stringify({ groups }, { lineWidth: 0 });
}

/** What is recorded first: alerts ask for it. */
function groupsOf({ name, recordings, alerts }: RuleFile) {
  const asked = { name: `countersign-${name}`, rules: alerts.map(ruleOf) };
  if (recordings.length === 0) return [asked];
  return [{ name: `countersign-${name}-recorded`, interval: "1m", rules: recordings }, asked];
}

function ruleOf({ name, expr, for: pending, severity, owner, labels, summary, description, dashboard }: Alert) {
  return {
    alert: name,
    expr,
    ...(pending !== undefined && { for: pending }),
    labels: { severity, owner, ...labels },
    annotations: {
      summary,
      description,
      runbook_url: `${RUNBOOKS}/${name}.md`,
      dashboard: `countersign-${dashboard}`,
    },
  };
}

/** A group a case: an installation of its own, in which only these series are. */
function testsYaml(rules: RuleFile): string {
  const { name, alerts } = rules;
  const tries = alerts.flatMap((alert): Try[] => [
    { alert, of: alert.fires, title: `${titleOf(alert)} fires`, labels: alert.fires.labels },
    ...(alert.severity === "none" ? [] : [{ alert, of: alert.quiet, title: `${titleOf(alert)} is quiet` }]),
  ]);
  const groups = Map.groupBy(tries, ({ of: { together }, title }) => together ?? title);
  const isLong = tries.some((one) => one.of.together !== undefined);
  const file = {
    rule_files: [`../../../charts/countersign/files/rules/${name}.yaml`],
    evaluation_interval: isLong ? "10m" : "1m",
    // In any order unless told: an alert that looks first finds what was recorded ten minutes ago, which is too old.
    group_eval_order: groupsOf(rules).map((group) => group.name),
    tests: [...groups].map(([title, members]) => groupOf(title, members)),
  };
  return GENERATED + stringify(file, { lineWidth: 0, aliasDuplicateObjects: false });
}

interface Try {
  readonly alert: Alert;
  readonly of: Case;
  readonly title: string;
  /** With which it fires; undefined: it does not. */
  readonly labels?: Readonly<Record<string, string>>;
}

function groupOf(name: string, tries: readonly Try[]) {
  const series = Object.assign({}, ...tries.map((one) => one.of.series)) as Record<string, string>;
  return {
    name,
    interval: "1m",
    input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
    promql_expr_test: tries.map(questionOf),
  };
}

/** The series ALERTS is asked, and not promtool's own list: that would have to repeat every word of a description. */
function questionOf({ alert, of: { at }, labels }: Try) {
  const by = Object.keys(alert.fires.labels);
  const matchers = ['alertstate="firing"', `severity="${alert.severity}"`, ...ownLabels(alert)].join(",");
  const expr = `count${by.length === 0 ? "" : ` by (${by.join(", ")})`} (ALERTS{alertname="${alert.name}",${matchers}})`;
  const sample = { labels: labelText(labels ?? {}), value: 1 };
  return { expr, eval_time: at, exp_samples: labels === undefined ? [] : [sample] };
}

/** Tells rules of one name apart. */
function ownLabels({ labels = {} }: Alert): readonly string[] {
  return Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}}`;
}

function titleOf({ name, severity, fires: { labels } }: Alert): string {
  const which = labels.slo ?? labels.process ?? "";
  return [name, severity, which].filter((part) => part !== "").join(" ");
}

export function ruleOutputs(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ruleFiles.flatMap((file) => [
      [`charts/countersign/files/rules/${file.name}.yaml`, rulesYaml(file)],
      [`ops/alerts/tests/${file.name}.yaml`, testsYaml(file)],
    ]),
  );
}
