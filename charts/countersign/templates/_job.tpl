{{/*
A Job that goes with the release. Not a Helm hook: processes are ready only when the cluster is founded, and both `helm --wait` and ArgoCD run
hooks of this kind after everything is ready, so they would wait for each other. A plain Job runs beside the processes, which wait for it.
A Job never changes, so its name ends with a digest of what it is: another image or another cluster is another Job.
(dict "root" $ "name" "found" "args" (list …))
*/}}
{{- define "countersign.job" -}}
{{- $spec := include "countersign.job.spec" . -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ printf "%s-%s" .name ($spec | sha256sum | trunc 8) }}
  labels:
    {{- include "countersign.labels" (dict "root" .root "component" .name) | nindent 4 }}
spec:
  {{- $spec | nindent 2 }}
{{- end }}

{{- define "countersign.job.spec" -}}
backoffLimit: {{ .backoffLimit | default 6 }}
activeDeadlineSeconds: {{ .deadlineSeconds | default 900 }}
template:
  {{- include "countersign.tool.pod" . | nindent 2 }}
{{- end }}

{{/*
The pod of a command: a job, a test, a canary, the desk. It is restricted like every other, and has the `countersign` image, which has a shell.
`name` is whose network policies, Kafka user and certificate it has; `role` tells those of one name apart. `isBare`: it shows nobody a certificate,
neither its own nor the mesh's.
*/}}
{{- define "countersign.tool.pod" -}}
{{- $root := .root -}}
metadata:
  labels:
    {{- include "countersign.labels" (dict "root" $root "component" .name) | nindent 4 }}
    {{- with .role }}
    countersign.dev/command: {{ . }}
    {{- end }}
    {{- if .isBare }}
    {{- include "countersign.mesh.outside" $root | nindent 4 }}
    {{- end }}
  {{- $isInside := and $root.Values.mesh.enabled (not .isBare) }}
  {{- if or $isInside .checksum }}
  annotations:
    {{- if .checksum }}
    checksum/config: {{ include "countersign.cluster.files" $root | sha256sum }}
    {{- end }}
    {{- if $isInside }}
    # A Job ends only when all its containers do: the sidecar has to be one that Kubernetes ends.
    sidecar.istio.io/nativeSidecar: "true"
    {{- with include "countersign.mesh.past" (dict "root" $root "agent" .name) }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- end }}
  {{- end }}
spec:
  serviceAccountName: {{ .name }}
  {{- include "countersign.podSecurity" $root | nindent 2 }}
  restartPolicy: {{ .restartPolicy | default "OnFailure" }}
  containers:
    - name: {{ .role | default .name }}
      {{- include "countersign.tool.container" . | nindent 6 }}
  volumes:
    {{- include "countersign.tool.volumes" . | nindent 4 }}
{{- end }}

{{- define "countersign.tool.container" -}}
image: {{ include "countersign.image" (dict "root" .root "name" "" "image" .root.Values.tools.image) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
{{- with .command }}
command: {{ toJson . }}
{{- end }}
{{- with .args }}
args: {{ toJson . }}
{{- end }}
{{ include "countersign.containerSecurity" .root }}
env:
  - name: COUNTERSIGN_DATA
    value: /var/lib/countersign
  - name: HOME
    value: /tmp
resources:
  {{- toYaml (.resources | default .root.Values.tools.resources) | nindent 2 }}
volumeMounts:
  - name: cluster
    mountPath: /etc/countersign
    readOnly: true
  - name: data
    mountPath: /var/lib/countersign
  - name: tmp
    mountPath: /tmp
{{- end }}

{{- define "countersign.tool.volumes" -}}
{{ include "countersign.process.folder" (dict "root" .root "process" (dict "name" .name "agent" .name "tool" true "isBare" .isBare "person" .person)) }}
{{ include "countersign.tmp" "64Mi" }}
- name: data
  emptyDir:
    sizeLimit: 128Mi
{{- end }}

{{/* What a synthetic order would say: the next one of the strategies, followed from its permit to the ledger. */}}
{{- define "countersign.canary.command" -}}
{{- list "/usr/local/bin/node" "/app/scripts/cluster/canary.ts" "--dir" "/etc/countersign" "--within" (. | int | toString) | toJson }}
{{- end }}

{{/* Seconds of "2h" or "30m". */}}
{{- define "countersign.seconds" -}}
{{- mul (trimSuffix "h" . | trimSuffix "m" | int) (ternary 3600 60 (hasSuffix "h" .)) }}
{{- end }}
