/** The properties of the chart's policies, in the same words as those of its pods. */
import type { Mutation } from "./mutations.ts";

const NETWORK = "templates/policy/network-policies.yaml";
const ENGINES = "templates/policy/network-policies-engines.yaml";
const COLLECTOR = "templates/policy/network-policy-collector.yaml";
const TOPICS_JOB = "templates/policy/network-policy-topics.yaml";
const CHAOS = "templates/policy/network-policy-chaos.yaml";
const RULES = "templates/policy/_rules.tpl";
const MESH = "templates/policy/mesh.yaml";
const SIDECARS = "templates/policy/sidecars.yaml";
const USERS = "templates/policy/kafka-users.yaml";
const TOPICS = "templates/policy/kafka-topics.yaml";
const ADMISSION = "templates/policy/admission-policies.yaml";
const GATEKEEPER = "templates/policy/gatekeeper.yaml";
const PEERS = "templates/policy/_peers.tpl";
const EDGES = "templates/policy/_edges.tpl";
const NAMES = "templates/_names.tpl";
const past =
  '{{- range $engine := without (include "countersign.policy.enginesOf" .agent | fromJsonArray) "collector" }}';

export const policyMutations: readonly Mutation[] = [
  // Whoever is not named is not let in or out.
  change(NETWORK, "podSelector: {}", "podSelector: { matchLabels: { app.kubernetes.io/name: countersign } }"),
  change(NETWORK, "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]"),
  change(
    NETWORK,
    'from: {{- include "countersign.policy.peers" (dict "root" $root "components" (keys $callers | sortAlpha)) | nindent 8 }}',
    "from: [{ podSelector: {} }]",
  ),
  change(
    NETWORK,
    'from: {{- include "countersign.policy.peers" (dict "root" $root "components" $traders) | nindent 8 }}',
    "from: [{ podSelector: {} }]",
  ),
  change(NETWORK, "- ports: [{ protocol: TCP, port: 4000 }]", "- ports: []"),
  change(NETWORK, "{{- toYaml $root.Values.networkPolicy.monitoring | nindent 8 }}", "- namespaceSelector: {}"),
  change(NETWORK, '{{- if has $it.agent (list "desk" "found") }} []', "{{- if false }} []"),
  change(NETWORK, "{{- if $root.Values.mesh.enabled }}", "{{- if true }}"),
  change(
    NETWORK,
    '{{- range $engine := include "countersign.policy.enginesOf" $it.agent | fromJsonArray }}',
    "{{- range $engine := keys $engines }}",
  ),
  // With their labels alone pods of another release would be let in.
  change(
    PEERS,
    'matchLabels: {{- include "countersign.selector" (dict "root" $.root "component" $component) | nindent 6 }}',
    "matchLabels: { app.kubernetes.io/component: {{ $component }} }",
    "network-policies",
  ),
  change(
    PEERS,
    "to: {{- toYaml .Values.networkPolicy.dns | nindent 4 }}",
    "to: [{ namespaceSelector: {} }]",
    "network-policies",
  ),
  change(ENGINES, "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]"),
  change(
    ENGINES,
    'from: {{- include "countersign.policy.peers" (dict "root" $root "components" (sortAlpha $clients)) | nindent 8 }}',
    "from: [{ podSelector: {} }]",
  ),
  change(TOPICS_JOB, "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]"),
  change(TOPICS_JOB, "ingress: []", "ingress: [{}]"),
  change(COLLECTOR, "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]"),
  change(
    COLLECTOR,
    'from: {{- include "countersign.policy.peers" (dict "root" . "components" $senders) | nindent 8 }}',
    "from: [{ podSelector: {} }]",
  ),
  change(CHAOS, "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]"),
  change(CHAOS, "ingress: []", "ingress: [{}]"),
  change(CHAOS, "to: {{- toYaml .Values.networkPolicy.apiServer.to | nindent 8 }}"),
  // The mesh: who shows no certificate is not heard, and who shows one is heard for what it may ask.
  change(MESH, "mode: STRICT", "mode: PERMISSIVE"),
  change(MESH, "{{- if not $scrapers }}", "{{- if true }}"),
  change(MESH, "spec: {}", "spec: { rules: [{}] }"),
  change(MESH, "methods: [GET]"),
  change(MESH, "paths: [/metrics]"),
  change(MESH, 'ports: ["9090"]'),
  change(MESH, 'ports: ["4000"]'),
  change(MESH, 'ports: ["4100"]', "{}"),
  change(MESH, "paths: {{- toYaml $paths | nindent 14 }}"),
  change(
    MESH,
    'principals: [{{ include "countersign.policy.principal" (dict "root" $root "process" $caller) }}]',
    'principals: ["*"]',
  ),
  change(
    MESH,
    "{{ .root.Values.mesh.trustDomain }}/ns/{{ .root.Release.Namespace }}/sa/{{ .process }}",
    "cluster.local/ns/{{ .root.Release.Namespace }}/sa/{{ .process }}",
  ),
  change(SIDECARS, "mode: REGISTRY_ONLY", "mode: ALLOW_ANY"),
  change(SIDECARS, "defaultEndpoint: 127.0.0.1:4000", "defaultEndpoint: 0.0.0.0:4000"),
  change(SIDECARS, "- ./{{ . }}.{{ $root.Release.Namespace }}.svc.{{ $root.Values.mesh.clusterDomain }}", '- "*/*"'),
  // Past a sidecar goes what has a TLS of its own, and only whose it is.
  elsewhere(NAMES, past, "{{- range $engine := list }}", "deployment"),
  elsewhere(
    NAMES,
    past,
    '{{- range $engine := include "countersign.policy.enginesOf" .agent | fromJsonArray }}',
    "deployment",
  ),
  elsewhere(NAMES, past, '{{- range $engine := without (keys $engines) "collector" }}', "deployment"),
  elsewhere(NAMES, past, '{{- range $engine := without (keys $engines) "collector" }}', "jobs/found"),
  elsewhere(NAMES, "{{- if .root.Values.mesh.enabled }}", "{{- if true }}", "deployment"),
  elsewhere(PEERS, "{{- else if or $it.to (not $.Values.networkPolicy.enabled) -}}", "{{- else if $it.to -}}", "desk"),
  elsewhere("templates/_job.tpl", '{{- include "countersign.mesh.outside" $root | nindent 4 }}', "", "jobs/topics"),
  elsewhere(
    "templates/engines/statefulset.yaml",
    '{{- include "countersign.mesh.outside" $ | nindent 8 }}',
    "",
    "engines/statefulset",
  ),
  // Brokers: letter by letter, and by certificate.
  change(USERS, "type: tls", "type: scram-sha-512"),
  change(
    USERS,
    "- resource: { type: topic, name: {{ $read.topic }}, patternType: literal }",
    '- resource: { type: topic, name: "*", patternType: literal }',
  ),
  change(
    USERS,
    "- resource: { type: topic, name: {{ $topic }}, patternType: literal }",
    "- resource: { type: topic, name: {{ $topic }}, patternType: prefix }",
  ),
  change(USERS, "operations: [Describe, Write]", "operations: [Create, Describe, Write]"),
  change(
    USERS,
    "- resource: { type: group, name: {{ $name }}., patternType: prefix }",
    "- resource: { type: group, name: {{ $name }}, patternType: prefix }",
  ),
  change(USERS, '{{- if eq $name "desk" }}', "{{- if true }}"),
  change(EDGES, "{{- if .Values.signalCanary.enabled -}}", "{{- if true -}}", "kafka-users"),
  change(TOPICS, "min.insync.replicas: {{ min 2 $kafka.replicas }}", "min.insync.replicas: 1"),
  change(TOPICS, "unclean.leader.election.enable: false"),
  change(TOPICS, "cleanup.policy: delete", "cleanup.policy: compact"),
  change(TOPICS, "retention.ms: {{ int64 $it.retentionMs }}"),
  // Rules that only warn, or hold for somebody else, are none.
  change(ADMISSION, "failurePolicy: Fail", "failurePolicy: Ignore"),
  change(ADMISSION, "operations: [CREATE, UPDATE]", "operations: [CREATE]"),
  change(ADMISSION, "validationActions: [Deny]", "validationActions: [Warn]"),
  change(ADMISSION, 'values: {{ include "countersign.rules.namespaces" $root }}', "values: [elsewhere]"),
  change(GATEKEEPER, "enforcementAction: deny", "enforcementAction: warn"),
  change(GATEKEEPER, 'namespaces: {{ include "countersign.rules.namespaces" $root }}', "namespaces: [elsewhere]"),
  change(RULES, "{{- if or (not $when) (get $.Values.admission $when) -}}", "{{- if true -}}", "admission-policies"),
  // An operator's pods are left to it by name and label, and nothing but pods.
  change(ADMISSION, '{{- if has $rule.of (list "container" "pod") }}', "{{- if true }}"),
  change(ADMISSION, 'expression: request.operation != "UPDATE" || object.spec != oldObject.spec', "expression: 'true'"),
  change(
    ADMISSION,
    "!object.metadata.?labels.orValue({}).exists(label, request.userInfo.username in",
    "!object.metadata.?labels.orValue({}).exists(label, label in",
  ),
  change(GATEKEEPER, "{{- if $isOfPods }}", "{{- if true }}"),
  change(GATEKEEPER, 'input.review.operation == "UPDATE"'),
  change(GATEKEEPER, "input.review.object.spec == input.review.oldObject.spec"),
  change(GATEKEEPER, 'input.review.userInfo.username in object.get(input, ["parameters", "operators", label], [])'),
  change(RULES, "{{- $_ := set $operators .label (append $users .user) -}}", "{{- /* nobody */ -}}", "gatekeeper"),
  // Nobody is excepted where chaos is not wanted.
  change(
    RULES,
    '{{- $apiAccounts := ternary (list "chaos") list .Values.chaos.enabled -}}',
    '{{- $apiAccounts := list "chaos" -}}',
    "admission-policies",
  ),
];

/** In the suite of its own template, unless another one looks at it. */
function change(file: string, line: string, instead?: string, suite?: string): Mutation {
  const own = /policy\/(.+)\.yaml$/.exec(file)?.[1];
  return { file, line, ...(instead !== undefined && { instead }), suites: [`policy/${suite ?? own}`] };
}

/** In a suite that is no policy's. */
function elsewhere(file: string, line: string, instead: string, suite: string): Mutation {
  return { file, line, instead, suites: [suite] };
}
