// What ArgoCD is told, read as data: paths that are there, lists that allow what is rendered and nothing more, and an order that is one.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { ENVIRONMENTS } from "../../scripts/ci/images.ts";
import { readProcesses } from "../../scripts/gitops/processes.ts";
import { root, run } from "../../scripts/run.ts";

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: Tree;
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}
interface Operator {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
  readonly namespace: string;
  readonly wave: number;
  readonly values: Tree;
}

/** Whatever a manifest holds; what is asked for is named at the place where it is. */
interface Tree {
  readonly [key: string]: Tree | undefined;
}

const k8s = join(root, "k8s");
const yamls = (readdirSync(k8s, { recursive: true }) as string[]).filter(
  (path) => /\.ya?ml$/.test(path) && !path.includes("templates"),
);
const read = (path: string) => readFileSync(join(k8s, path), "utf8");
const documents = (text: string) => parseAllDocuments(text).map((one) => one.toJS() as Manifest);
const load = (path: string) => documents(read(path));
const named = (path: string, kind: string, name: string) => {
  const found = load(path).find((one) => one.kind === kind && one.metadata.name === name);
  if (found?.spec === undefined) throw new Error(`${path}: no ${kind} ${name}`);
  return found.spec;
};
const golden = (environment: string) => {
  const folder = join(root, "charts/countersign/golden", environment);
  return readdirSync(folder).flatMap((file) => documents(readFileSync(join(folder, file), "utf8")));
};
const data = readdirSync(join(k8s, "data/base"))
  .filter((file) => file.endsWith(".yaml") && file !== "kustomization.yaml")
  .flatMap((file) => load(`data/base/${file}`));
const [{ operators }] = load("operators/values.yaml") as unknown as readonly [
  { readonly operators: readonly Operator[] },
];
const projects = (name: string) => named("argocd/projects.yaml", "AppProject", name);

test("what follows from the topology is what the topology says", async () => {
  const { code, output } = await run("node", ["scripts/gitops/generate.ts", "--check"]);
  expect(output).toBe("");
  expect(code).toBe(0);
});

test.each(yamls)("%s parses", (path) => {
  for (const one of parseAllDocuments(read(path))) {
    expect(one.errors).toEqual([]);
    expect(one.warnings).toEqual([]);
  }
});

test("each kustomization names files and folders that are there, and leaves none of its folder out", () => {
  for (const path of yamls.filter((one) => one.endsWith("kustomization.yaml"))) {
    const folder = join(k8s, dirname(path));
    const [{ resources = [], patches = [] }] = load(path) as unknown as readonly [
      { readonly resources?: readonly string[]; readonly patches?: readonly { readonly path?: string }[] },
    ];
    const listed = [...resources, ...patches.flatMap((one) => one.path ?? [])];
    for (const one of listed) expect(existsSync(join(folder, one)), `${path}: ${one}`).toBe(true);
    const beside = readdirSync(folder).filter((file) => file.endsWith(".yaml") && file !== "kustomization.yaml");
    expect(
      beside.filter((file) => !listed.includes(file)),
      path,
    ).toEqual([]);
  }
});

describe.each(ENVIRONMENTS)("%s", (environment) => {
  const spec = named(`argocd/${environment}.yaml`, "ApplicationSet", `countersign-${environment}`);
  const template = spec.template?.spec;

  test("a name that its file does not give is an error, and losing the file deletes nothing", () => {
    expect(spec.goTemplate).toBe(true);
    expect(spec.goTemplateOptions).toEqual(["missingkey=error"]);
    expect(spec.syncPolicy).toEqual({ preserveResourcesOnDeletion: true });
  });

  test("its sources are there, but for what its founding writes", () => {
    const [engines, chart] = list(template?.sources);
    expect(existsSync(join(root, String(engines?.path), "kustomization.yaml"))).toBe(true);
    expect(existsSync(join(root, String(chart?.path), "Chart.yaml"))).toBe(true);
    const values = list(chart?.helm?.valueFiles)
      .map(String)
      .map((one) => one.replace("$repository/", ""));
    const own = `k8s/environments/${environment}`;
    expect(values).toEqual([`${own}/values.yaml`, `${own}/cluster.yaml`, `${own}/image.yaml`]);
    for (const one of values.filter((one) => !one.endsWith("/cluster.yaml")))
      expect(existsSync(join(root, one))).toBe(true);
  });

  test("its clusters are destinations of the project, and say no more than which they are", () => {
    const allowed = projects("countersign").destinations;
    const folder = `environments/${environment}/clusters`;
    for (const file of readdirSync(join(k8s, folder))) {
      const [{ cluster, namespace, ...more }] = load(`${folder}/${file}`) as unknown as readonly [
        Record<string, string>,
      ];
      expect(more).toEqual({});
      expect(allowed).toContainEqual({ name: cluster, namespace });
    }
  });

  test("it heals itself, applies server-side what differs, and prunes last", () => {
    expect(template?.syncPolicy?.automated).toEqual({ prune: true, selfHeal: true });
    expect(template?.syncPolicy?.syncOptions).toEqual([
      "CreateNamespace=true",
      "ServerSideApply=true",
      "RespectIgnoreDifferences=true",
      "ApplyOutOfSyncOnly=true",
      "FailOnSharedResource=true",
      "PruneLast=true",
    ]);
    expect(template?.syncPolicy?.managedNamespaceMetadata?.labels).toMatchObject({
      "pod-security.kubernetes.io/enforce": "restricted",
    });
  });

  test("what it overlooks are these fields, each by its pointer, and no other", () => {
    const pointers = list(template?.ignoreDifferences).map(({ kind, name, jsonPointers, group: _, ...more }) => [
      kind,
      name,
      jsonPointers,
      more,
    ]);
    expect(pointers).toEqual([
      ["Service", "gateway", ["/spec/selector/rollouts-pod-template-hash"], {}],
      ["Service", "gateway-preview", ["/spec/selector/rollouts-pod-template-hash"], {}],
    ]);
  });

  test("the project allows every kind that is rendered", () => {
    const allowed = [...kinds("clusterResourceWhitelist"), ...kinds("namespaceResourceWhitelist")];
    const isAllowed = (kind: string) =>
      allowed.includes(kind) ||
      (kind.startsWith("constraints.gatekeeper.sh/") && allowed.includes("constraints.gatekeeper.sh/*"));
    const rendered = new Set([...golden(environment), ...data].map(kindOf));
    expect([...rendered].filter((kind) => !isAllowed(kind)).toSorted()).toEqual([]);
  });

  test("no secret is rendered, and each of Vault is read from the path of whoever it is for", () => {
    const rendered = [...golden(environment), ...data];
    expect(rendered.filter(({ kind }) => kind === "Secret")).toEqual([]);
    const secrets = rendered.filter(({ kind }) => kind === "ExternalSecret");
    expect(secrets.length).toBeGreaterThan(readProcesses().length);
    for (const { metadata, spec } of secrets) {
      const store = String(spec?.secretStoreRef?.name);
      for (const { remoteRef } of list(spec?.data)) expect(remoteRef?.key, metadata.name).toBe(store);
      expect(existsSync(join(k8s, `secrets/vault/gen/${store}.hcl`)), store).toBe(true);
    }
    const roles = JSON.parse(read("secrets/vault/gen/roles.json")) as Record<string, Tree>;
    for (const { metadata, spec } of rendered.filter(({ kind }) => kind === "SecretStore")) {
      const { role, serviceAccountRef } = spec?.provider?.vault?.auth?.kubernetes ?? ({} as Tree);
      expect(role).toBe(`countersign-${metadata.name}`);
      expect(roles[metadata.name]?.bound_service_account_names).toEqual([serviceAccountRef?.name]);
    }
  });

  test("whoever reads Vault is there before what is read as it", () => {
    const accounts = [...golden(environment), ...data].filter(({ kind }) => kind === "ServiceAccount");
    for (const { metadata, spec } of golden(environment).filter(({ kind }) => kind === "SecretStore")) {
      const name = spec?.provider?.vault?.auth?.kubernetes?.serviceAccountRef?.name;
      const account = accounts.find((one) => one.metadata.name === String(name));
      expect(waveOf(account), metadata.name).toBeLessThanOrEqual(waveOf({ metadata }));
    }
  });

  test("each process' secret has its keys and logins, and nobody else's", () => {
    const secrets = golden(environment).filter(({ kind }) => kind === "ExternalSecret");
    for (const { name, secrets: wanted } of readProcesses()) {
      const values = list(secrets.find(({ metadata }) => metadata.name === name)?.spec?.data);
      expect(values.map(({ remoteRef }) => String(remoteRef?.property)).toSorted(), name).toEqual(
        [...wanted].toSorted(),
      );
    }
  });
});

test("what Vault is to hold is what founding makes, file by file and field by field", async () => {
  const dir = mkdtempSync(join(tmpdir(), "countersign-found-"));
  try {
    const urls = [
      "--postgres",
      "postgres://{process}:{password}@db/countersign",
      "--redis",
      "rediss://{process}:{password}@redis",
    ];
    const folder = join(dir, "cluster");
    const { code, output } = await run("node", ["cli/src/main.ts", "found", "--dir", folder, ...urls]);
    expect(code, output).toBe(0);
    const founded = documents(readFileSync(join(folder, "secrets.yaml"), "utf8"));
    const vault = golden("dev").filter(({ kind }) => kind === "ExternalSecret");
    for (const { name } of [...readProcesses(), { name: "paper-exchange" }]) {
      const made = founded.find(({ metadata }) => metadata.name === name);
      const template = vault.find(({ metadata }) => metadata.name === name)?.spec?.target?.template?.data;
      expect(shapeOf(template), name).toEqual(shapeOf(made?.stringData));
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("production changes outside its windows, and operators of it only by hand", () => {
  const window = (name: string) => list(projects(name).syncWindows)[0];
  expect(window("countersign")).toMatchObject({ kind: "deny", clusters: ["countersign-prod"], manualSync: true });
  expect(window("countersign-operators")).toMatchObject({ kind: "deny", schedule: "0 0 * * *", duration: "24h" });
});

test("no project has a wildcard, but for the constraints that Gatekeeper makes kinds of", () => {
  const text = read("argocd/projects.yaml");
  expect([...text.matchAll(/^.*"\*".*$/gm)].map(([line]) => line.trim())).toEqual([
    '- { group: constraints.gatekeeper.sh, kind: "*" }',
  ]);
  const listed = [...kinds("clusterResourceWhitelist"), ...kinds("namespaceResourceWhitelist")];
  for (const kind of ["/Secret", "rbac.authorization.k8s.io/Role", "rbac.authorization.k8s.io/ClusterRole"])
    expect(listed).not.toContain(kind);
});

test("each operator has one version, a chart's repository that its project knows, and a wave", () => {
  const sources = projects("countersign-operators").sourceRepos;
  const destinations = list(projects("countersign-operators").destinations);
  for (const { name, version, repository, namespace, wave } of operators) {
    expect(version, name).toMatch(/^v?\d+\.\d+\.\d+$/);
    expect(sources, name).toContain(repository);
    expect(
      destinations.some((one) => String(one.namespace) === namespace),
      name,
    ).toBe(true);
    expect(wave, name).toBeLessThan(0);
  }
});

test("engines come after certificates and policies, and before whoever uses them", () => {
  for (const { kind, metadata } of data) {
    if (kind === "Cluster" && metadata.annotations === undefined) continue; // a patch
    const wave = Number(metadata.annotations?.["argocd.argoproj.io/sync-wave"]);
    const wanted = WAVES[kind];
    if (wanted !== undefined) expect(wave, `${kind} ${metadata.name}`).toBe(wanted);
    expect(wave, `${kind} ${metadata.name}`).toBeLessThanOrEqual(0);
  }
});

test("a validator's votes are in a PostgreSQL of its own, whose certificate is no other's", () => {
  const clusters = data.filter(({ kind, spec }) => kind === "Cluster" && spec?.instances !== undefined);
  const certificates = clusters.map(({ spec }) => spec?.certificates?.serverTLSSecret);
  expect(new Set(certificates).size).toBe(4);
  for (const { name, agent, database } of readProcesses()) {
    const roles = list(named(`data/base/gen/${database}-roles.yaml`, "Cluster", database).managed?.roles);
    const names = roles.map((role) => role.name);
    if (agent === "validator") expect(names).toEqual([name.replace("-", "_")]);
    else expect(names.some((one) => String(one).startsWith("validator"))).toBe(false);
  }
});

test("engines' pods are no part of the mesh, though their namespace is: each says so itself", () => {
  for (const environment of ["staging", "prod"] as const) {
    const { template } = named(`argocd/${environment}.yaml`, "ApplicationSet", `countersign-${environment}`);
    const labels = template?.spec?.syncPolicy?.managedNamespaceMetadata?.labels;
    expect(labels).toMatchObject({ "istio-injection": "enabled" });
  }
  const pods = data.flatMap((one) =>
    podsOf(one).map((metadata) => ({ of: `${one.kind} ${one.metadata.name}`, metadata })),
  );
  expect(new Set(pods.map(({ of }) => of.split(" ")[0]))).toEqual(
    new Set(["Cluster", "CronJob", "Kafka", "StatefulSet"]),
  );
  for (const { of, metadata } of pods) expect(metadata?.labels?.[INJECT], of).toBe("false");
});

test("sidecars are set up from the node: their own first container would be root, which the namespace refuses", () => {
  const chart = (name: string) => operators.find((one) => one.name === name);
  expect(chart("istiod")?.values.pilot?.cni?.enabled).toBe(true);
  expect(chart("istio-cni")).toMatchObject({ chart: "cni", version: chart("istiod")?.version });
});

test("CloudNativePG gives its jobs' pods no label of ours: istiod leaves them alone by theirs", () => {
  const istiod = operators.find(({ name }) => name === "istiod");
  expect(istiod?.values.sidecarInjectorWebhook?.neverInjectSelector).toEqual([
    { matchExpressions: [{ key: "cnpg.io/jobRole", operator: "Exists" }] },
  ]);
});

test("the rules leave to the operators of the engines what they bring, and to no other account", () => {
  const users = ENVIRONMENTS.map((environment) => {
    const [{ admission }] = load(`environments/${environment}/values.yaml`) as unknown as readonly [
      { readonly admission?: Tree },
    ];
    return admission?.operators;
  });
  const account = (operator: string, name: (of: Operator) => unknown) => {
    const found = operators.find((one) => one.name === operator);
    if (found === undefined) throw new Error(`no operator ${operator}`);
    return `system:serviceaccount:${found.namespace}:${name(found)}`;
  };
  const wanted = [
    { user: account("strimzi", ({ values }) => values.serviceAccount), label: "strimzi.io/cluster" },
    { user: account("cnpg", ({ values }) => values.serviceAccount?.name), label: "cnpg.io/cluster" },
  ];
  for (const found of users) expect(found).toEqual(wanted);
});

test("brokers are reached by whom a policy here names: Strimzi's own would let everybody read figures, and is refused", () => {
  expect(operators.find(({ name }) => name === "strimzi")?.values.generateNetworkPolicy).toBe(false);
  const policies = data.filter(({ kind, spec }) => {
    const labels = spec?.podSelector?.matchLabels;
    return kind === "NetworkPolicy" && (labels?.[CLUSTER] ?? labels?.["strimzi.io/name"]) !== undefined;
  });
  const rules = policies.flatMap(({ spec }) => (spec?.ingress === undefined ? [] : list(spec.ingress)));
  const ports = rules.flatMap((rule) => list(rule.ports).map(({ port }) => Number(port)));
  expect([...new Set(ports)].toSorted((a, b) => a - b)).toEqual([8_443, 9_090, 9_091, 9_093, 9_404]);
  const clients = rules.filter((rule) => list(rule.ports).some(({ port }) => Number(port) === 9_093));
  expect(clients.map(({ from }) => from)).toEqual([
    [
      { podSelector: { matchLabels: { "app.kubernetes.io/name": "countersign" } } },
      { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "keda" } } },
    ],
  ]);
  for (const { from } of rules) expect(list(from)).not.toEqual([]);
});

test("faults are made in staging alone, each for a time, each watched", () => {
  const includes = (environment: string) =>
    read(`environments/${environment}/data/kustomization.yaml`).includes("chaos");
  expect(ENVIRONMENTS.filter(includes)).toEqual(["staging"]);
  const files = readdirSync(join(k8s, "chaos")).filter(
    (file) => file !== "kustomization.yaml" && file.endsWith(".yaml"),
  );
  for (const { metadata, spec } of files.flatMap((file) => load(`chaos/${file}`))) {
    const [all, watch, fault] = list(spec?.workflow?.templates);
    expect(all?.children, metadata.name).toEqual(["watch", "fault"]);
    expect(watch).toMatchObject({ templateType: "StatusCheck", abortWithStatusCheck: true });
    for (const one of [all, watch, fault]) expect(one?.deadline, metadata.name).toMatch(/^\d+m$/);
  }
});

test("Flux is given the same paths, and overlooks the same fields", () => {
  const example = documents(/```yaml\n([\s\S]*?)```/.exec(read("flux/README.md"))?.[1] ?? "");
  const specOf = (kind: string) => example.find((one) => one.kind === kind)?.spec ?? {};
  const engines = specOf("Kustomization");
  expect(existsSync(join(root, String(engines.path), "kustomization.yaml"))).toBe(true);
  const release = specOf("HelmRelease");
  const files = list(release.chart?.spec?.valuesFiles).map(String);
  const missing = files.filter((file) => !existsSync(join(root, file)));
  expect(missing).toEqual(["./k8s/environments/prod/cluster.yaml"]);
  const pointers = list(release.driftDetection?.ignore).flatMap(({ paths }) => list(paths).map(String));
  expect(new Set(pointers)).toEqual(new Set(["/spec/selector/rollouts-pod-template-hash"]));
});

test("ArgoCD is told the health of what it does not know", () => {
  const [cm] = load("argocd/config/argocd-cm.yaml");
  for (const kind of [
    "argoproj.io_Application",
    "argoproj.io_ApplicationSet",
    "admissionregistration.k8s.io_ValidatingAdmissionPolicy",
    "templates.gatekeeper.sh_ConstraintTemplate",
  ])
    expect(cm?.data?.[`resource.customizations.health.${kind}`], kind).toContain("return");
  expect(cm?.data?.["resource.customizations.health.argoproj.io_Application"]).toContain("comparedTo");
});

/** Of whatever makes pods, what it says of them; those of a KafkaNodePool are as its Kafka says. */
function podsOf({ kind, spec }: Manifest): readonly (Tree | undefined)[] {
  if (kind === "CronJob") return [spec?.jobTemplate?.spec?.template?.metadata];
  if (kind === "Cluster") return [spec?.inheritedMetadata];
  if (kind === "Kafka")
    return STRIMZIS.filter((part) => spec?.[part] !== undefined).map((part) => spec?.[part]?.template?.pod?.metadata);
  if (kind === "KafkaNodePool") return spec?.template?.pod === undefined ? [] : [spec.template.pod.metadata];
  return spec?.template === undefined || kind === "Database" ? [] : [spec.template.metadata];
}

const CLUSTER = "strimzi.io/cluster";
const INJECT = "sidecar.istio.io/inject";
const STRIMZIS = ["kafka", "entityOperator", "cruiseControl", "kafkaExporter"];

function waveOf(manifest: Pick<Manifest, "metadata"> | undefined): number {
  return Number(manifest?.metadata.annotations?.["argocd.argoproj.io/sync-wave"] ?? 0);
}

/** The files, and what secrets.json says: names, and no values. */
function shapeOf(files: unknown): unknown {
  const { "secrets.json": secrets, ...keys } = files as Record<string, string>;
  const fields = Object.entries(JSON.parse(secrets ?? "") as Record<string, unknown>);
  const within = fields.map(([field, value]) =>
    value instanceof Object ? [field, Object.keys(value).toSorted()] : [field],
  );
  return { keys: Object.keys(keys).toSorted(), secrets: Object.fromEntries(within) };
}

function list(value: Tree | undefined): readonly Tree[] {
  if (!Array.isArray(value)) throw new Error("no list is there");
  return value;
}

/** Of what is waited for. */
const WAVES: Readonly<Record<string, number>> = {
  Issuer: -2,
  Certificate: -2,
  NetworkPolicy: -2,
  SecretStore: -2,
  Kafka: -1,
  KafkaNodePool: -1,
  Cluster: -1,
  Database: -1,
  StatefulSet: -1,
};

function kinds(list: string): readonly string[] {
  const allowed = projects("countersign")[list] as unknown as readonly {
    readonly group: string;
    readonly kind: string;
  }[];
  return allowed.map(({ group, kind }) => `${group}/${kind}`);
}

function kindOf({ apiVersion, kind }: Manifest): string {
  return `${apiVersion.includes("/") ? apiVersion.split("/")[0] : ""}/${kind}`;
}
