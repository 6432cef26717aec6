{{/* More members than partitions would stand idle, and of whoever is not made for it a second one is a second writer. */}}
{{- define "countersign.check.replicas" -}}
{{- $agent := .process.agent }}
{{- $count := include "countersign.replicasMax" . | int }}
{{- $most := (index (include "countersign.topology" .root | fromJson).agents $agent).replicasMax | int }}
{{- if and (gt $count 1) (not (has $agent (include "countersign.replicated" .root | fromJsonArray))) }}
{{- fail (printf "processes.%s: %d processes are asked for, and only %s may have several" $agent $count (include "countersign.replicated" .root | fromJsonArray | join ", ")) }}
{{- end }}
{{- if gt $count $most }}
{{- fail (printf "processes.%s: %d processes are asked for, and %d share what it reads: partitions bound them" $agent $count $most) }}
{{- end }}
{{- end }}

{{/* Pods are deleted where somebody has said that they may be, of processes that there are, by somebody who reaches the API. */}}
{{- define "countersign.check.chaos" -}}
{{- if ne .Values.chaos.confirm .Release.Namespace }}
{{- fail (printf "chaos.confirm: chaos deletes pods of this release: say its namespace, %s, or leave chaos.enabled false" .Release.Namespace) }}
{{- end }}
{{- $names := list }}
{{- range (include "countersign.processes" . | fromJson).processes }}{{- $names = append $names .name }}{{- end }}
{{- range .Values.chaos.components }}
{{- if not (has . $names) }}{{- fail (printf "chaos.components: no process of this release is called %s" .) }}{{- end }}
{{- end }}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.apiServer.to) }}
{{- fail "networkPolicy.apiServer.to: chaos speaks with the Kubernetes API: say where its servers are, such as {ipBlock: {cidr: 10.0.0.10/32}}" }}
{{- end }}
{{- end }}

{{/* Who runs beside the processes, each as itself. */}}
{{- define "countersign.helpers" -}}
{{- $names := list "found" }}
{{- if and .Values.topics.enabled (not .Values.kafka.strimzi.enabled) }}{{- $names = append $names "topics" }}{{- end }}
{{- if .Values.desk.enabled }}{{- $names = append $names "desk" }}{{- end }}
{{- if .Values.chaos.enabled }}{{- $names = append $names "chaos" }}{{- end }}
{{- if .Values.signalCanary.enabled }}{{- $names = append $names "signal-canary" }}{{- end }}
{{- if .Values.telemetry.collector.enabled }}{{- $names = append $names "collector" }}{{- end }}
{{- if .Values.engines.enabled }}{{- $names = concat $names (keys .Values.engines.servers | sortAlpha) }}{{- end }}
{{- $names | toJson }}
{{- end }}
