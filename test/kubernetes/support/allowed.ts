/** What the rendered policies allow, each kind read in the words of whoever enforces it. */
import { type KubeObject, podOf } from "../../../scripts/k8s/manifests.ts";
import { NAMESPACE } from "./chart.ts";

const COMPONENT = "app.kubernetes.io/component";
type Labels = Readonly<Record<string, string>>;

export interface RenderedPod {
  readonly name: string;
  readonly component: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly serviceAccount: string;
}

/** Those that the release's workloads would make in its namespace. */
export function podsOf(objects: readonly KubeObject[]): readonly RenderedPod[] {
  return objects.flatMap((object) => {
    const pod = object.kind === "Pod" ? object : podOf(object);
    if (pod === undefined || (object.metadata.namespace ?? NAMESPACE) !== NAMESPACE) return [];
    const { name = "", labels = {}, annotations = {} } = pod.metadata;
    const { serviceAccountName = "default" } = pod.spec as { readonly serviceAccountName?: string };
    return [{ name, component: labels[COMPONENT] ?? "", labels, annotations, serviceAccount: serviceAccountName }];
  });
}

// ── network ──

interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}
interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: unknown;
}
interface Port {
  readonly protocol?: string;
  readonly port?: number | string;
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly Port[];
}
interface NetworkPolicySpec {
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

/** `component → component` for each pair of pods of which one may open a connection to this port of the other. */
export function reachable(objects: readonly KubeObject[], port: number): ReadonlySet<string> {
  const policies = objects.filter(({ kind }) => kind === "NetworkPolicy").map(({ spec }) => spec as NetworkPolicySpec);
  const pods = podsOf(objects);
  const edges = new Set<string>();
  for (const from of pods)
    for (const to of pods)
      if (lets(policies, "Egress", from, to, port) && lets(policies, "Ingress", to, from, port))
        edges.add(`${from.component} → ${to.component}`);
  return edges;
}

/** `component → port` for each port by which the pod may go to anybody. */
export function outward(objects: readonly KubeObject[]): ReadonlySet<string> {
  const policies = objects.filter(({ kind }) => kind === "NetworkPolicy").map(({ spec }) => spec as NetworkPolicySpec);
  return new Set(
    podsOf(objects).flatMap(({ component, labels }) =>
      policies
        .filter(({ podSelector }) => selects(podSelector, labels))
        .flatMap(({ egress = [] }) => egress.flatMap(({ ports = [] }) => ports))
        .map(({ port }) => `${component} → ${port}`),
    ),
  );
}

/** Who is selected by no policy of a direction may do everything in it. */
function lets(
  policies: readonly NetworkPolicySpec[],
  direction: "Ingress" | "Egress",
  own: RenderedPod,
  other: RenderedPod,
  port: number,
): boolean {
  const ours = policies.filter(
    ({ policyTypes, podSelector }) => policyTypes.includes(direction) && selects(podSelector, own.labels),
  );
  if (ours.length === 0) return true;
  return ours.some(({ ingress = [], egress = [] }) =>
    (direction === "Ingress" ? ingress : egress).some((rule) => {
      const peers = direction === "Ingress" ? rule.from : rule.to;
      return isOpenFor(rule.ports, port) && (peers === undefined || peers.some((peer) => isPeer(peer, other)));
    }),
  );
}

function isOpenFor(ports: readonly Port[] | undefined, wanted: number): boolean {
  return (
    ports === undefined ||
    ports.some(({ protocol = "TCP", port }) => protocol === "TCP" && (port === undefined || port === wanted))
  );
}

/** Of this namespace: addresses of pods are not known, and a block of addresses may be any of them. */
function isPeer({ podSelector, namespaceSelector, ipBlock }: Peer, { labels }: RenderedPod): boolean {
  if (ipBlock !== undefined) return true;
  if (namespaceSelector !== undefined && !selects(namespaceSelector, { "kubernetes.io/metadata.name": NAMESPACE }))
    return false;
  return podSelector === undefined || selects(podSelector, labels);
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      if (operator === "In") return value !== undefined && values.includes(value);
      return value === undefined || !values.includes(value);
    })
  );
}

// ── brokers ──

interface Acl {
  readonly type?: string;
  readonly resource: { readonly type: string; readonly name?: string; readonly patternType?: string };
  readonly operations: readonly string[];
}

export function aclsOf(user: KubeObject): readonly Acl[] {
  const { authorization } = user.spec as { readonly authorization: { readonly acls: readonly Acl[] } };
  return authorization.acls;
}

/** `user may operation type/pattern name`. */
export function granted(objects: readonly KubeObject[]): ReadonlySet<string> {
  const users = objects.filter(({ kind }) => kind === "KafkaUser");
  return new Set(
    users.flatMap((user) =>
      aclsOf(user).flatMap(({ resource: { type, name = "", patternType = "literal" }, operations }) =>
        operations.map((operation) => `${user.metadata.name} may ${operation} ${type}/${patternType} ${name}`),
      ),
    ),
  );
}

// ── mesh ──

interface AuthorizationPolicySpec {
  readonly selector?: { readonly matchLabels: Labels };
  readonly action?: string;
  readonly rules?: readonly {
    readonly from?: readonly { readonly source: { readonly principals?: readonly string[] } }[];
    readonly to?: readonly {
      readonly operation: { readonly ports?: readonly string[]; readonly paths?: readonly string[] };
    }[];
  }[];
}

/** `caller → component path` for what the mesh lets through to this port, by the service account in the caller's principal. */
export function authorised(
  objects: readonly KubeObject[],
  port: number,
  trustDomain = "cluster.local",
): ReadonlySet<string> {
  const policies = objects
    .filter(({ kind }) => kind === "AuthorizationPolicy")
    .map(({ spec }) => spec as AuthorizationPolicySpec);
  const edges = new Set<string>();
  for (const { component, labels } of podsOf(objects))
    for (const { selector, rules = [] } of policies) {
      if (selector !== undefined && !selects(selector, labels)) continue;
      for (const { from, to } of rules)
        for (const { operation } of to ?? [{ operation: {} }]) {
          if (operation.ports !== undefined && !operation.ports.includes(String(port))) continue;
          const callers =
            from === undefined ? ["anybody"] : from.flatMap(({ source }) => source.principals ?? ["anybody"]);
          for (const caller of callers)
            for (const path of operation.paths ?? [""])
              edges.add(`${accountOf(caller, trustDomain)} → ${component} ${path}`.trimEnd());
        }
    }
  return edges;
}

function accountOf(principal: string, trustDomain: string): string {
  const prefix = `${trustDomain}/ns/${NAMESPACE}/sa/`;
  return principal.startsWith(prefix) ? principal.slice(prefix.length) : principal;
}

interface SidecarSpec {
  readonly workloadSelector: { readonly labels: Labels };
  readonly egress: readonly { readonly hosts: readonly string[] }[];
}

/** `component → service` of this namespace. */
export function routed(objects: readonly KubeObject[]): ReadonlySet<string> {
  const sidecars = objects.filter(({ kind }) => kind === "Sidecar").map(({ spec }) => spec as SidecarSpec);
  const host = new RegExp(`^\\./([^.]+)\\.${NAMESPACE}\\.svc\\.cluster\\.local$`);
  return new Set(
    sidecars.flatMap(({ workloadSelector, egress }) =>
      egress.flatMap(({ hosts }) =>
        hosts.flatMap((one) => {
          const service = host.exec(one)?.[1];
          if (one.startsWith("./") && service === undefined) throw new Error(`${one} is no service of ${NAMESPACE}`);
          return service === undefined ? [] : [`${workloadSelector.labels[COMPONENT]} → ${service}`];
        }),
      ),
    ),
  );
}

/** Pods that get a sidecar, where the namespace has it injected. */
export function meshed(objects: readonly KubeObject[]): readonly RenderedPod[] {
  return podsOf(objects).filter(({ labels }) => labels["sidecar.istio.io/inject"] !== "false");
}

/** `component → port` for what a sidecar leaves to the pod itself. */
export function uncaptured(objects: readonly KubeObject[]): ReadonlySet<string> {
  return new Set(
    podsOf(objects).flatMap(({ component, annotations }) => {
      const ports = annotations["traffic.sidecar.istio.io/excludeOutboundPorts"]?.split(",") ?? [];
      if (ports.some((port) => !/^\d+$/.test(port))) throw new Error(`${component}: no ports: ${ports.join(",")}`);
      return ports.map((port) => `${component} → ${port}`);
    }),
  );
}
