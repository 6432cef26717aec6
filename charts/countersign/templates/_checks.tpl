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

{{/* Who runs beside the processes, each as itself. */}}
{{- define "countersign.helpers" -}}
{{- $names := list "found" }}
{{- if and .Values.topics.enabled (not .Values.kafka.strimzi.enabled) }}{{- $names = append $names "topics" }}{{- end }}
{{- if .Values.desk.enabled }}{{- $names = append $names "desk" }}{{- end }}
{{- if .Values.signalCanary.enabled }}{{- $names = append $names "signal-canary" }}{{- end }}
{{- if .Values.telemetry.collector.enabled }}{{- $names = append $names "collector" }}{{- end }}
{{- if .Values.engines.enabled }}{{- $names = concat $names (keys .Values.engines.servers | sortAlpha) }}{{- end }}
{{- $names | toJson }}
{{- end }}
