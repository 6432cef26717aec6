/** The properties of security, each as the line that makes it, and the suites that would have to miss it. */
import { policyMutations } from "./policy-mutations.ts";

export interface Mutation {
  readonly file: string;
  /** The first line that is this, without its indentation, is taken out. */
  readonly line: string;
  /** … or becomes this, where the template would be none without it. */
  readonly instead?: string;
  readonly suites: readonly string[];
}

const SECURITY = "templates/_security.tpl";
const PROCESS = "templates/_process.tpl";
const JOB = "templates/_job.tpl";
const ENGINES = "templates/engines/statefulset.yaml";
const COLLECTOR = "templates/collector/deployment.yaml";
const CHAOS = "templates/chaos/cronjob.yaml";
const SOAK = "templates/jobs/soak.yaml";
const LOGS = "templates/logs/daemonset.yaml";
/** Pods that are commands: the others come from the same template. */
const commands = ["desk", "jobs/found", "jobs/soak"];

export const mutations: readonly Mutation[] = [
  ...each(
    SECURITY,
    ["jobs/found"],
    [
      "automountServiceAccountToken: false",
      "enableServiceLinks: false",
      "runAsNonRoot: true",
      "runAsUser: 65532",
      "runAsGroup: 65532",
      "fsGroup: 65532",
      "fsGroupChangePolicy: OnRootMismatch",
      "type: RuntimeDefault",
      "allowPrivilegeEscalation: false",
      "readOnlyRootFilesystem: true",
      "drop: [ALL]",
      "medium: Memory",
      "sizeLimit: {{ . }}",
    ],
  ),
  // That each pod asks for them.
  ...["deployment", "statefulset"].flatMap((suite) =>
    each(
      PROCESS,
      [suite],
      [
        '{{- include "countersign.podSecurity" $root | nindent 2 }}',
        '{{- include "countersign.containerSecurity" $root | nindent 6 }}',
        "{{- toYaml $settings.resources | nindent 8 }}",
        '{{- include "countersign.tmp" $settings.tmpSize | nindent 4 }}',
      ],
    ),
  ),
  ...commands.flatMap((suite) =>
    each(
      JOB,
      [suite],
      [
        '{{- include "countersign.podSecurity" $root | nindent 2 }}',
        '{{ include "countersign.containerSecurity" .root }}',
        "{{- toYaml (.resources | default .root.Values.tools.resources) | nindent 2 }}",
        '{{ include "countersign.tmp" "64Mi" }}',
      ],
    ),
  ),
  ...each(
    ENGINES,
    ["engines/statefulset"],
    [
      '{{- include "countersign.podSecurity" $ | nindent 6 }}',
      '{{- include "countersign.containerSecurity" $ | nindent 10 }}',
      "{{- toYaml $engine.resources | nindent 12 }}",
      "defaultMode: 0440",
    ],
  ),
  ...each(
    COLLECTOR,
    ["collector/deployment"],
    [
      '{{- include "countersign.podSecurity" . | nindent 6 }}',
      '{{- include "countersign.containerSecurity" . | nindent 10 }}',
      "{{- toYaml $collector.resources | nindent 12 }}",
    ],
  ),
  ...each(
    LOGS,
    ["logs/daemonset"],
    [
      "automountServiceAccountToken: false",
      "type: RuntimeDefault",
      "allowPrivilegeEscalation: false",
      "readOnlyRootFilesystem: true",
      "drop: [ALL]",
      "- { name: pods, mountPath: /var/log/pods, readOnly: true }",
    ],
  ),
  { file: LOGS, line: "namespace: {{ $logs.namespace }}", suites: ["logs/daemonset"] },
  // Identities have no token.
  ...each("templates/serviceaccount.yaml", ["serviceaccount"], ["automountServiceAccountToken: false"]),
  ...each("templates/logs/serviceaccount.yaml", ["logs/serviceaccount"], ["automountServiceAccountToken: false"]),
  // Secrets are files of whom they belong to, which nobody changes, and never in the environment.
  ...each(PROCESS, ["deployment"], ["defaultMode: 0440", "readOnly: true"]),
  {
    file: PROCESS,
    line: '{{- if eq .process.agent "policy" }}{{- $purposes = append $purposes "permit" }}{{- end }}',
    instead: '{{- $purposes = append $purposes "permit" }}',
    suites: ["statefulset"],
  },
  {
    file: PROCESS,
    line: "- name: LOG_LEVEL",
    instead:
      "- { name: PASSWORD, valueFrom: { secretKeyRef: { name: policy, key: secrets.json } } }\n- name: LOG_LEVEL",
    suites: ["deployment"],
  },
  {
    file: "templates/jobs/topics.yaml",
    line: '{{- include "countersign.job" (dict "root" . "name" "topics" "args" $args "backoffLimit" 30 "isBare" true) }}',
    instead: '{{- include "countersign.job" (dict "root" . "name" "topics" "args" $args "backoffLimit" 30) }}',
    suites: ["jobs/topics"],
  },
  // In a mesh gRPC in the clear is for the sidecar alone.
  { file: PROCESS, line: "value: 127.0.0.1", instead: "value: 0.0.0.0", suites: ["deployment"] },
  // A broker is shown the process' own certificate.
  {
    file: PROCESS,
    line: "name: {{ $values.kafka.tls.userSecretPrefix }}{{ $name }}",
    instead: "name: {{ $values.kafka.tls.userSecretPrefix }}policy",
    suites: ["deployment"],
  },
  // One writer, and two of three validators.
  { file: "templates/deployment.yaml", line: "type: Recreate", instead: "type: RollingUpdate", suites: ["deployment"] },
  ...each("templates/poddisruptionbudget.yaml", ["poddisruptionbudget"], ["maxUnavailable: 1"]),
  ...each(PROCESS, ["statefulset"], ["- {{- toYaml $term | nindent 6 }}"]),
  ...each(
    "templates/deployment.yaml",
    ["deployment"],
    ['{{- include "countersign.check.replicas" (dict "root" $ "process" . "settings" $settings) }}'],
  ),
  // An image is what its digest says, and never whatever is the latest.
  {
    file: "templates/_names.tpl",
    line: "{{ $registry }}{{ $repository }}@{{ $own.digest }}",
    instead: "{{ $registry }}{{ $repository }}",
    suites: ["deployment"],
  },
  {
    file: "templates/_names.tpl",
    line: '{{- if eq $tag "latest" }}{{- fail (printf "image of %s: `latest` names no version: give a tag or, better, a digest" (.name | default "countersign")) }}{{- end -}}',
    instead: "{{- /* whatever */ -}}",
    suites: ["deployment"],
  },
  // Who deletes pods has a token that ends with it, and does so where somebody has said it, of this release alone.
  ...each(
    CHAOS,
    ["chaos/cronjob"],
    [
      '{{- include "countersign.check.chaos" . }}',
      '{{- include "countersign.podSecurity" . | nindent 10 }}',
      '{{- include "countersign.containerSecurity" . | nindent 14 }}',
      "{{- toYaml .Values.tools.resources | nindent 16 }}",
      '{{- include "countersign.tmp" "16Mi" | nindent 12 }}',
      "concurrencyPolicy: Forbid",
      "backoffLimit: 0",
      "activeDeadlineSeconds: {{ $seconds }}",
      "defaultMode: 0440",
      "- --release={{ .Release.Name }}",
    ],
  ),
  {
    file: CHAOS,
    line: "- serviceAccountToken: { path: token, expirationSeconds: {{ max 600 $seconds }} }",
    instead: "- serviceAccountToken: { path: token }",
    suites: ["chaos/cronjob"],
  },
  {
    file: CHAOS,
    line: "- { name: api, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true }",
    instead: "- { name: api, mountPath: /var/run/secrets/kubernetes.io/serviceaccount }",
    suites: ["chaos/cronjob"],
  },
  {
    file: "templates/_checks.tpl",
    line: "{{- if ne .Values.chaos.confirm .Release.Namespace }}",
    instead: "{{- if false }}",
    suites: ["chaos/cronjob"],
  },
  {
    file: "templates/chaos/role.yaml",
    line: "verbs: [list, delete]",
    instead: "verbs: [list, delete, create]",
    suites: ["chaos/role"],
  },
  {
    file: "templates/chaos/role.yaml",
    line: "resources: [pods]",
    instead: "resources: [pods, secrets]",
    suites: ["chaos/role"],
  },
  { file: "templates/chaos/role.yaml", line: "kind: Role", instead: "kind: ClusterRole", suites: ["chaos/role"] },
  {
    file: "templates/chaos/rolebinding.yaml",
    line: "- kind: ServiceAccount",
    instead: "- kind: User",
    suites: ["chaos/rolebinding"],
  },
  // A soak ends by itself, and is not begun again.
  ...each(
    SOAK,
    ["jobs/soak"],
    [
      "backoffLimit: 0",
      'activeDeadlineSeconds: {{ add 300 (include "countersign.seconds" $soak.for | int) }}',
      "ttlSecondsAfterFinished: 86400",
    ],
  ),
  // In shadow no way leads to a venue.
  {
    file: "templates/_cluster.tpl",
    line: '{{- if eq $cluster.mode "paper" }}{{- $_ := set $cluster "venue" "paper-exchange:4100" }}{{- end }}',
    instead: '{{- $_ := set $cluster "venue" "paper-exchange:4100" }}',
    suites: ["configmap"],
  },
  ...policyMutations,
];

function each(file: string, suites: readonly string[], lines: readonly string[]): readonly Mutation[] {
  return lines.map((line) => ({ file, line, suites }));
}
