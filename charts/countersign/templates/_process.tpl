{{/* The values of a process: what holds for all, and over it its agent's own. (dict "root" $ "agent" "policy") */}}
{{- define "countersign.settings" -}}
{{- $own := get .root.Values.processes .agent | default dict }}
{{- if eq .agent "signal-canary" }}
{{- $own = omit .root.Values.processes.signal "image" | merge (dict "image" .root.Values.signalCanary.image) }}
{{- end }}
{{- mustMergeOverwrite (deepCopy .root.Values.process) (deepCopy $own) | toJson }}
{{- end }}

{{/* How many processes answer for an agent at most. (dict "root" $ "agent" "policy" "settings" …) */}}
{{- define "countersign.replicasMax" -}}
{{- $scaling := .settings.autoscaling | default dict }}
{{- ternary ($scaling.maxReplicas | default 1) (.settings.replicas | default 1) ($scaling.enabled | default false) }}
{{- end }}

{{/*
The pod of a process: an agent, a validator or the paper exchange. (dict "root" $ "process" …)
Its image knows how it is started; it is told its name, where its folder is, and where it may write.
*/}}
{{- define "countersign.process.pod" -}}
{{- $root := .root }}
{{- $process := .process }}
{{- $settings := include "countersign.settings" (dict "root" $root "agent" $process.agent) | fromJson }}
{{- $labels := dict "root" $root "component" $process.name "agent" $process.agent -}}
metadata:
  labels:
    {{- include "countersign.labels" $labels | nindent 4 }}
    {{- with $settings.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Only of the public configuration: secrets are files, and who rotates one restarts nobody.
    checksum/config: {{ include "countersign.cluster.files" $root | sha256sum }}
    {{- with include "countersign.mesh.past" (dict "root" $root "agent" $process.agent) }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $settings.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ $process.name }}
  {{- include "countersign.podSecurity" $root | nindent 2 }}
  # A process drains for at most 12 s; what is left is for the kubelet.
  terminationGracePeriodSeconds: {{ $settings.terminationGracePeriodSeconds }}
  {{- with $settings.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $settings.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $settings.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if eq $process.agent "validator" }}
  affinity:
    {{- include "countersign.validators.apart" $root | nindent 4 }}
  {{- end }}
  {{- if ne $process.agent "validator" }}
  topologySpreadConstraints:
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "countersign.selector" $labels | nindent 10 }}
      {{- if eq $process.kind "Deployment" }}
      matchLabelKeys: [pod-template-hash]
      {{- end }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ $process.agent }}
      image: {{ include "countersign.image" (dict "root" $root "name" (trimSuffix "-canary" $process.agent) "image" $settings.image) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [{{ $process.name }}]
      {{- include "countersign.containerSecurity" $root | nindent 6 }}
      env:
        # Nothing secret is ever here.
        {{- include "countersign.process.env" (dict "root" $root "settings" $settings) | nindent 8 }}
      ports:
        - name: http-health
          containerPort: 9090
        {{- if $process.serves }}
        - name: grpc
          containerPort: 4000
        {{- end }}
        {{- if eq $process.name "paper-exchange" }}
        - name: http-venue
          containerPort: 4100
        {{- end }}
      # Started: it has its engines, or waits for them in order. Ready: it should get work. Alive: no new process would do better.
      startupProbe:
        httpGet: { path: /startupz, port: http-health }
        periodSeconds: 2
        timeoutSeconds: 2
        failureThreshold: {{ div (int $settings.startupSeconds) 2 }}
      readinessProbe:
        httpGet: { path: /readyz, port: http-health }
        periodSeconds: 3
        timeoutSeconds: 2
        failureThreshold: 2
      livenessProbe:
        httpGet: { path: /healthz, port: http-health }
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      resources:
        {{- toYaml $settings.resources | nindent 8 }}
      volumeMounts:
        - name: cluster
          mountPath: /etc/countersign
          readOnly: true
        - name: data
          mountPath: /var/lib/countersign
        - name: tmp
          mountPath: /tmp
  volumes:
    {{- include "countersign.process.folder" (dict "root" $root "process" $process) | nindent 4 }}
    {{- include "countersign.tmp" $settings.tmpSize | nindent 4 }}
    {{- if include "countersign.process.claims" (dict "root" $root "process" $process) }}
    {{- if eq $process.kind "Deployment" }}
    - name: data
      persistentVolumeClaim:
        claimName: {{ $process.name }}
    {{- end }}
    {{- else }}
    - name: data
      emptyDir:
        sizeLimit: {{ $settings.dataSize }}
    {{- end }}
{{- end }}

{{- define "countersign.process.env" -}}
- name: COUNTERSIGN_BIND
  value: 0.0.0.0
{{- if .root.Values.mesh.enabled }}
# Its sidecar has the TLS, and reaches it here; nobody else does.
- name: COUNTERSIGN_GRPC_BIND
  value: 127.0.0.1
{{- end }}
- name: COUNTERSIGN_DATA
  value: /var/lib/countersign
# It answers on so long after it was told to end: until nobody is led to it any more.
- name: COUNTERSIGN_DRAIN_MS
  value: {{ .settings.drainMs | int | quote }}
- name: COUNTERSIGN_TRACES
  value: {{ .settings.traces | quote }}
- name: LOG_LEVEL
  value: {{ .settings.logLevel }}
- name: NODE_OPTIONS
  value: --max-old-space-size={{ .settings.heapMiB | int }}
{{- with include "countersign.otlp" .root }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . }}
{{- end }}
{{- end }}

{{/* Where spans go; empty: nowhere but their file. */}}
{{- define "countersign.otlp" -}}
{{- if .Values.telemetry.otlpEndpoint }}
{{- .Values.telemetry.otlpEndpoint }}
{{- else if .Values.telemetry.collector.enabled -}}
http://collector:4318
{{- end }}
{{- end }}

{{/* Keeps a volume beyond its pod: validators, the paper exchange, and in shadow Execution, whose exchange is in its own process. */}}
{{- define "countersign.process.claims" -}}
{{- if not .root.Values.persistence.enabled }}
{{- else if or (eq .process.kind "StatefulSet") (and (eq .process.name "execution") (eq (include "countersign.mode" .root) "shadow")) -}}
true
{{- end }}
{{- end }}

{{/*
The folder of a process: what the cluster is, from the ConfigMap; what is its own alone, from its Secrets. Files that it has not
are not asked for.
*/}}
{{- define "countersign.process.folder" -}}
{{- $values := .root.Values }}
{{- $name := .process.name -}}
- name: cluster
  projected:
    defaultMode: 0440
    sources:
      - configMap:
          name: countersign-cluster
      {{- if not (or .process.tool .process.isShadow) }}
      - secret:
          name: {{ $name }}
          items:
            - { key: secrets.json, path: secrets.json }
            {{- range include "countersign.process.keys" . | fromJsonArray }}
            - { key: {{ . }}, path: keys/{{ . }} }
            {{- end }}
      {{- end }}
      {{- if and .process.person $values.desk.keys }}
      # A person's command says itself what it cannot do without one of these.
      - secret:
          name: desk
          optional: true
          items:
            {{- range $values.desk.keys }}
            - { key: {{ . }}, path: keys/{{ . }} }
            {{- end }}
      {{- end }}
      {{- if and (include "countersign.tls" .root) (not (or .process.isBare .process.isShadow)) }}
      - secret:
          name: {{ $name }}-tls
          items:
            - { key: ca.crt, path: tls/ca.crt }
            - { key: tls.crt, path: tls/tls.crt }
            - { key: tls.key, path: tls/tls.key }
      {{- end }}
      {{- if and $values.kafka.tls.enabled (not .process.isBare) (ne $name "found") }}
      - secret:
          name: {{ $values.kafka.tls.caSecret }}
          items:
            - { key: ca.crt, path: kafka/ca.crt }
      - secret:
          name: {{ $values.kafka.tls.userSecretPrefix }}{{ $name }}
          items:
            - { key: user.crt, path: kafka/user.crt }
            - { key: user.key, path: kafka/user.key }
      {{- end }}
      {{- if and $values.etcd.tls.enabled (eq .process.agent "validator") }}
      - secret:
          name: {{ $values.etcd.tls.secretPrefix }}{{ $name }}
          items:
            - { key: ca.crt, path: etcd/ca.crt }
            - { key: tls.crt, path: etcd/tls.crt }
            - { key: tls.key, path: etcd/tls.key }
      {{- end }}
      {{- with $values.redis.tls.caSecret }}
      - secret:
          name: {{ . }}
          items:
            - { key: ca.crt, path: redis/ca.crt }
      {{- end }}
      {{- with $values.postgres.tls.caSecret }}
      - secret:
          name: {{ . }}
          items:
            - { key: ca.crt, path: postgres/ca.crt }
      {{- end }}
      {{- if not .process.tool }}
      # Not in the pod's checksum: it comes, changes and goes while the pod runs.
      - configMap:
          name: countersign-flags
          optional: true
          items:
            - { key: flags.json, path: flags.json }
      {{- end }}
{{- end }}

{{/* The processes' own mutual TLS: in a mesh its sidecars speak it, and the processes are behind them on 127.0.0.1. */}}
{{- define "countersign.tls" -}}
{{- if not .Values.mesh.enabled }}true{{- end }}
{{- end }}

{{/* One key a purpose, as founding writes them. */}}
{{- define "countersign.process.keys" -}}
{{- $purposes := list "envelope" }}
{{- if eq .process.agent "policy" }}{{- $purposes = append $purposes "permit" }}{{- end }}
{{- if eq .process.agent "compliance" }}{{- $purposes = append $purposes "checkpoint" }}{{- end }}
{{- if eq .process.agent "validator" }}{{- $purposes = concat $purposes (list "vote" "checkpoint") }}{{- end }}
{{- $keys := list }}
{{- if ne .process.agent "paper-exchange" }}
{{- range $purposes }}{{- $keys = append $keys (printf "%s.%s.key" $.process.name .) }}{{- end }}
{{- end }}
{{- $keys | toJson }}
{{- end }}

{{/* One machine must not take two validators with it: of three, two have to answer. */}}
{{- define "countersign.validators.apart" -}}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" (dict
  "app.kubernetes.io/name" "countersign" "app.kubernetes.io/instance" .Release.Name "countersign.dev/agent" "validator")) }}
{{- $zone := deepCopy $term | merge (dict "topologyKey" "topology.kubernetes.io/zone") -}}
podAntiAffinity:
  {{- if eq .Values.validators.antiAffinity "required" }}
  requiredDuringSchedulingIgnoredDuringExecution:
    - {{- toYaml $term | nindent 6 }}
  {{- end }}
  preferredDuringSchedulingIgnoredDuringExecution:
    {{- if ne .Values.validators.antiAffinity "required" }}
    - weight: 100
      podAffinityTerm:
        {{- toYaml $term | nindent 8 }}
    {{- end }}
    - weight: 50
      podAffinityTerm:
        {{- toYaml $zone | nindent 8 }}
{{- end }}
