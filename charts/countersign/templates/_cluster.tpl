{{/*
cluster.json: what founding made public, and the addresses that this release gives. Nobody needs a secret to read it, and nobody is trusted
because of it: processes believe the genesis alone, whose digest is the SHA-256 of the bytes that stand here.
*/}}
{{- define "countersign.cluster.json" -}}
{{- $values := .Values }}
{{- $cluster := omit $values.cluster "limitsFile" "founding" }}
{{- if not $cluster.genesis }}
{{- fail "cluster: no cluster is described. Found one with `countersign found --dir my-cluster`, and give its my-cluster/values.yaml with -f" }}
{{- end }}
{{- $servers := dict }}
{{- $health := dict }}
{{- $replicas := dict }}
{{- range (include "countersign.processes" . | fromJson).processes }}
{{- $_ := set $health .name (printf "%s:9090" .name) }}
{{- if .serves }}{{- $_ := set $servers .name (list (printf "%s:4000" .name)) }}{{- end }}
{{- $settings := include "countersign.settings" (dict "root" $ "agent" .agent) | fromJson }}
{{- $count := include "countersign.replicasMax" (dict "settings" $settings) | int }}
{{- if gt $count 1 }}{{- $_ := set $replicas .agent $count }}{{- end }}
{{- end }}
{{- if .Values.signalCanary.enabled }}{{- $_ := set $health "signal-canary" "signal-canary:9090" }}{{- end }}
{{- $_ := set $cluster "servers" $servers }}
{{- $_ := set $cluster "health" $health }}
{{- with $replicas }}{{- $_ := set $cluster "replicas" . }}{{- end }}
{{- $_ := set $cluster "kafka" (include "countersign.kafka" . | fromJsonArray) }}
{{- with include "countersign.etcd" . | fromJsonArray }}{{- $_ := set $cluster "etcd" . }}{{- end }}
{{- if eq $cluster.mode "paper" }}{{- $_ := set $cluster "venue" "paper-exchange:4100" }}{{- end }}
{{- $cluster | toPrettyJson }}
{{- end }}

{{/* The files of the ConfigMap. The limits byte for byte: the genesis names their digest. What the founders signed is read by `found` alone. */}}
{{- define "countersign.cluster.files" -}}
cluster.json: |
  {{- include "countersign.cluster.json" . | nindent 2 }}
{{ .Values.cluster.limits }}: {{ .Values.cluster.limitsFile | quote }}
founding.json: {{ .Values.cluster.founding | toJson | quote }}
{{- end }}

{{- define "countersign.kafka" -}}
{{- if .Values.engines.enabled -}}
["kafka:9092"]
{{- else if .Values.kafka.brokers -}}
{{ .Values.kafka.brokers | toJson }}
{{- else -}}
{{- fail "kafka.brokers: no broker is named, such as kafka-kafka-bootstrap:9093; or say engines.enabled for a single one, for development" }}
{{- end }}
{{- end }}

{{- define "countersign.etcd" -}}
{{- if .Values.engines.enabled -}}
["etcd:2379"]
{{- else -}}
{{ .Values.etcd.endpoints | default list | toJson }}
{{- end }}
{{- end }}
