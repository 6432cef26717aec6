// The workloads and services that runbooks name are those that come out of the chart, or of the engines beside it, in production.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { kindOf, nameOf, readManifests } from "../../scripts/k8s/manifests.ts";
import { root } from "../../scripts/run.ts";
import { render } from "./support/chart.ts";
import { commandsOfRunbooks, wordsOf } from "./support/commands.ts";

const wanted = {
  alerts: { enabled: true },
  dashboards: { enabled: true },
  serviceMonitor: { enabled: true },
  canary: { enabled: true },
  flags: { "log-level": { state: "ENABLED", variants: { usual: "info" }, defaultVariant: "usual" } },
  signalCanary: { enabled: true, image: { tag: "next" } },
  telemetry: {
    collector: { enabled: true, image: { registry: "registry.example.org", repository: "collector", tag: "1.0.0" } },
  },
};
const rendered = [
  ...(await render({ environment: "prod", values: wanted })),
  // The paper exchange's, the engines of one node, and deployments where no rollout takes their place.
  ...(await render({ environment: "laptop", values: wanted })),
  ...readManifests(join(root, "k8s/data/base")).map(({ object }) => object),
];
const names = (kind: string) =>
  new Set(rendered.filter((one) => one.metadata !== undefined && kindOf(one) === kind).map(nameOf));

/** As kubectl calls them, and as manifests do. */
const KINDS: Readonly<Record<string, string>> = {
  deploy: "apps/Deployment",
  deployment: "apps/Deployment",
  statefulset: "apps/StatefulSet",
  sts: "apps/StatefulSet",
  job: "batch/Job",
  cronjob: "batch/CronJob",
  configmap: "ConfigMap",
  endpoints: "Service",
  service: "Service",
  kafka: "kafka.strimzi.io/Kafka",
  "cluster.postgresql.cnpg.io": "postgresql.cnpg.io/Cluster",
};
/** Lists are asked by labels, or whole. */
const LISTS = [
  "pods",
  "pod",
  "nodes",
  "events",
  "jobs",
  "pvc",
  "certificates",
  "externalsecrets",
  "secretstores",
  "secrets",
  "secret",
  "applications",
  "prometheusrules",
];
/** What kubectl does that names a thing of a kind, the thing behind it. */
const VERBS = ["exec", "logs", "get", "describe", "delete", "scale", "rollout", "top"];

const kubectl = commandsOfRunbooks().flatMap(({ page, line }) => {
  const [program, verb = "", ...rest] = wordsOf(line);
  return program === "kubectl" ? [{ page, line, verb, rest }] : [];
});
const labels = new Set(rendered.flatMap(labelsIn));

/** Those of an object, and of the pods that it would make. */
function labelsIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const { labels: own = {} } = value as { readonly labels?: Readonly<Record<string, string>> };
  return [...Object.entries(own ?? {}).map(([key, one]) => `${key}=${one}`), ...Object.values(value).flatMap(labelsIn)];
}

/** Put onto pods by the operators that make them. */
const OPERATORS = ["strimzi.io/cluster=kafka", "cnpg.io/cluster=postgres"];

describe("a command of a runbook", () => {
  it("does something that this test reads", () => {
    const unread = kubectl.filter(({ verb }) => ![...VERBS, "config", "apply", "drain"].includes(verb));
    expect(unread.map(({ line }) => line)).toEqual([]);
    expect(kubectl.length).toBeGreaterThan(150);
  });

  it("names workloads and services that there are", () => {
    const wrong = kubectl.flatMap(({ page, line, verb, rest }) => {
      if (!VERBS.includes(verb)) return [];
      const before = rest.indexOf("--") < 0 ? rest : rest.slice(0, rest.indexOf("--"));
      const things = before
        .filter((word) => /^[a-z.]+\/[a-z0-9-]+$/.test(word))
        .map((word) => word.split("/") as [string, string]);
      const [kind = "", name = ""] = before.filter((word) => !word.startsWith("-"));
      if (things.length === 0 && KINDS[kind] !== undefined) things.push([kind, name]);
      const pod = verb === "exec" && things.length === 0 ? [kind] : [];
      return [
        ...things
          .filter(([one, called]) => !names(KINDS[one] ?? one).has(called))
          .map(([one, called]) => `${page}: ${line}: no ${one}/${called}`),
        ...pod
          .filter((one) => !names("apps/StatefulSet").has(one.replace(/-\d+$/, "")))
          .map((one) => `${page}: ${line}: no pod ${one}`),
        ...(things.length === 0 &&
        pod.length === 0 &&
        ["get", "describe", "delete"].includes(verb) &&
        !LISTS.includes(kind)
          ? [`${page}: ${line}: ${kind}?`]
          : []),
      ];
    });
    expect([...new Set(wrong)]).toEqual([]);
  });

  it("selects by labels that something has", () => {
    const selectors = kubectl.flatMap(({ page, line, rest }) =>
      rest.flatMap((word, n) => (word === "-l" ? [{ page, line, selector: rest[n + 1] ?? "" }] : [])),
    );
    expect(selectors.length).toBeGreaterThan(10);
    const isThere = (selector: string) =>
      selector.split(",").every((one) => labels.has(one) || OPERATORS.includes(one));
    expect(selectors.filter(({ selector }) => !isThere(selector)).map(({ page, line }) => `${page}: ${line}`)).toEqual(
      [],
    );
  });

  it("runs on a desk that has the cluster's folder where the command looks for it", () => {
    const desk = rendered.find((one) => kindOf(one) === "apps/Deployment" && nameOf(one) === "desk");
    expect(JSON.stringify(desk?.spec)).toContain('"mountPath":"/etc/countersign"');
    const onDesk = kubectl.filter(({ rest }) => rest.includes("deploy/desk"));
    expect(onDesk.length).toBeGreaterThan(100);
    expect(onDesk.filter(({ line }) => !line.includes("--dir /etc/countersign")).map(({ line }) => line)).toEqual([]);
  });
});

it("the rules that the chart brings are asked of the release's namespace, and there is one for each file", () => {
  const rules = rendered.filter((one) => kindOf(one) === "monitoring.coreos.com/PrometheusRule");
  expect(new Set(rules.map(nameOf)).size).toBe(7);
  expect(JSON.stringify(rules)).not.toContain("$namespace");
  const boards = rendered.filter((one) => one.kind === "ConfigMap" && nameOf(one).startsWith("dashboard-countersign-"));
  expect(new Set(boards.map(nameOf)).size).toBe(7);
});
