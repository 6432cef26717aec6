/** The generated parts of ops/runbooks: each page's head and its verification, and the index. What stands between is written by hand. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run.ts";
import { type Alert, NAMESPACE } from "./alert.ts";
import { alerts } from "./alerts.ts";
import { dashboards } from "./dashboards.ts";
import { measuredSlos, sloAlertOf } from "./slo.ts";
import { topology } from "./topology.ts";

export const RUNBOOKS = "ops/runbooks";

/** By name, in the order of names; a page and a ticket of one name share a runbook. */
export const alertsByName: ReadonlyMap<string, readonly Alert[]> = new Map(
  [...Map.groupBy(alerts, ({ name }) => name)].toSorted(([a], [b]) => (a < b ? -1 : 1)),
);

/** Where an engine, a person's key or a tool is at fault, and not one alert: written whole by hand. */
export const procedures: Readonly<Record<string, string>> = {
  "halt-and-resume": "Stop trading, and open it again",
  "broker-loss": "A broker, or all of them, is lost",
  "store-restore": "PostgreSQL is put back from a backup",
  "etcd-restore": "etcd is put back from a snapshot, or begun anew",
  "key-rotation": "Keys follow one another, and are revoked",
  "vault-sealed": "Vault is sealed, or away",
  "argocd-down": "ArgoCD is away",
  "unbooked-fills": "Fills that the ledger does not have",
  "audit-lag": "The audit log is behind",
};

/** What each page is with its generated parts as they should be; undefined where the page is not there. */
export function runbookOutputs(): Readonly<Record<string, string | undefined>> {
  const pages: [string, string | undefined][] = [];
  for (const [name, rules] of alertsByName) {
    const page = pageOf(`${RUNBOOKS}/${name}.md`);
    const parts = { head: alertHead(name, rules), verification: verification(rules) };
    pages.push([`${RUNBOOKS}/${name}.md`, page && withParts(page, parts)]);
  }
  for (const agent of Object.keys(topology.agents)) {
    const path = `${RUNBOOKS}/agents/${agent}.md`;
    const page = pageOf(path);
    pages.push([path, page && withParts(page, { head: agentHead(agent) })]);
  }
  for (const name of Object.keys(procedures))
    pages.push([`${RUNBOOKS}/procedures/${name}.md`, pageOf(`${RUNBOOKS}/procedures/${name}.md`)]);
  const index = pageOf(`${RUNBOOKS}/README.md`);
  pages.push([`${RUNBOOKS}/README.md`, index && withParts(index, { index: indexTable() })]);
  return Object.fromEntries(pages);
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
function withParts(page: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const [open, close] = [`<!-- ${name}: generated -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from) throw new Error(`a page has no place for its ${name}: ${text.slice(0, 40)}`);
    return `${text.slice(0, from + open.length)}\n${part}\n${text.slice(to)}`;
  }, page);
}

function alertHead(name: string, rules: readonly Alert[]): string {
  const [first] = rules;
  if (first === undefined) throw new Error(`broken invariant: ${name} has no rule`);
  const board = dashboards.find(({ uid }) => uid === `countersign-${first.dashboard}`);
  const severities = [
    ...new Set(rules.map(({ severity, for: pending }) => `${severity}${pending ? ` after ${pending}` : ""}`)),
  ];
  const mitigations = [...new Set(rules.map(({ mitigation }) => mitigation))];
  const slos = measuredSlos().filter(({ agent }) => sloAlertOf(agent) === name);
  return table([
    ["alert", `\`${name}\``],
    ["severity", severities.join(", ")],
    ["SLO", slos.length === 0 ? "none of its own" : slos.map((one) => `${one.name}: ${one.target}`).join("; ")],
    ["owner", first.owner],
    ["dashboard", `${board?.title}, \`/d/countersign-${first.dashboard}\``],
    ["mitigates", mitigations.join("; ")],
  ]);
}

/** What has to return nothing again; of rules that differ in a process' name alone the first. */
function verification(rules: readonly Alert[]): string {
  const distinct = rules.filter((one, n) => one.labels?.process === undefined || n === 0);
  const queries = distinct.map(({ expr, severity }) => `# ${severity}\n${expr.replaceAll(NAMESPACE, "countersign")}`);
  return `\`\`\`promql\n${[...new Set(queries)].join("\n")}\n\`\`\``;
}

function agentHead(agent: string): string {
  const facts = topology.agents[agent];
  if (facts === undefined) throw new Error(`broken invariant: no agent ${agent}`);
  const { mission, failover, slos, processes, reads, writes, calls, serves } = facts;
  const kind = agent === "validator" ? "statefulset" : "deploy";
  const list = (names: readonly string[]) =>
    names.length === 0 ? "nothing" : [...new Set(names)].map((one) => `\`${one}\``).join(", ");
  return table([
    ["agent", `\`${agent}\``],
    ["workloads", list(processes.map((name) => `${kind}/${name}`))],
    ["mission", mission],
    ["reads", list(reads.map(({ topic }) => topic))],
    ["writes", list(writes.filter((topic) => !topic.endsWith(".dlq")))],
    ["calls", list(calls.map(({ call }) => call))],
    ["serves", list(serves)],
    ["SLO", slos.map(({ name, target }) => `${name}: ${target}`).join("; ")],
    ["without it", failover],
    ["alert", `[${sloAlertOf(agent)}](../${sloAlertOf(agent)}.md)`],
  ]);
}

function indexTable(): string {
  const alertRows = [...alertsByName].map(([name, rules]) => {
    const severities = [...new Set(rules.map(({ severity }) => severity))].join(", ");
    return `| [${name}](${name}.md) | ${severities} | ${rules[0]?.owner} | ${rules[0]?.summary
      .replaceAll("{{ $labels.", "<")
      .replaceAll(/\{\{ \$value[^}]*\}\}/g, "…")
      .replaceAll(" }}", ">")
      .replaceAll("<", "‹")
      .replaceAll(">", "›")} |`;
  });
  return [
    "| alert | severity | owner | says |",
    "|---|---|---|---|",
    ...alertRows,
    "",
    "| agent | page |",
    "|---|---|",
    ...Object.entries(topology.agents).map(([agent, { mission }]) => `| [${agent}](agents/${agent}.md) | ${mission} |`),
    "",
    "| procedure | when |",
    "|---|---|",
    ...Object.entries(procedures).map(([name, when]) => `| [${name}](procedures/${name}.md) | ${when} |`),
  ].join("\n");
}

function table(rows: readonly (readonly [string, string])[]): string {
  return ["| | |", "|---|---|", ...rows.map(([name, text]) => `| ${name} | ${text.replaceAll("|", "\\|")} |`)].join(
    "\n",
  );
}

function pageOf(path: string): string | undefined {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
