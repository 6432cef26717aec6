{{- /* Pods of these components, of this release and no other. */ -}}
{{- define "countersign.policy.peers" -}}
{{- range $component := .components }}
- podSelector:
    matchLabels: {{- include "countersign.selector" (dict "root" $.root "component" $component) | nindent 6 }}
{{- end }}
{{- end -}}

{{- /* Names are asked of the cluster's own servers, over either protocol. */ -}}
{{- define "countersign.policy.dns" -}}
- ports: [{ protocol: UDP, port: 53 }, { protocol: TCP, port: 53 }]
  to: {{- toYaml .Values.networkPolicy.dns | nindent 4 }}
{{- end -}}

{{- /* JSON: engine → {port, to}; those that the chart itself runs are pods of this release. Without network policies all are reached. */ -}}
{{- define "countersign.policy.engines" -}}
{{- $own := ternary (include "countersign.engines.ports" . | fromJson) dict .Values.engines.enabled -}}
{{- if .Values.telemetry.collector.enabled }}{{ $_ := set $own "collector" 4318 }}{{ end -}}
{{- $engines := dict -}}
{{- range $name, $it := .Values.networkPolicy.engines -}}
  {{- if hasKey $own $name -}}
    {{- $pods := include "countersign.policy.peers" (dict "root" $ "components" (list $name)) | fromYamlArray -}}
    {{- $_ := set $engines $name (dict "port" (get $own $name) "to" $pods) -}}
  {{- else if or $it.to (not $.Values.networkPolicy.enabled) -}}
    {{- $_ := set $engines $name (dict "port" $it.port "to" $it.to) -}}
  {{- end -}}
{{- end -}}
{{- toJson $engines -}}
{{- end -}}

{{- /*
JSON: what . needs. The certified logs are the validators' alone; a person's commands and the paper exchange read the bus, and hold no password
of a database; who only carries what others have signed needs nothing.
*/ -}}
{{- define "countersign.policy.enginesOf" -}}
{{- $all := list "kafka" "postgres" "redis" "collector" -}}
{{- if eq . "found" }}[]
{{- else if has . (list "desk" "topics") }}["kafka"]
{{- else if eq . "paper-exchange" }}["kafka","collector"]
{{- else if eq . "signal-canary" }}["kafka","collector"]
{{- else if eq . "validator" }}{{ append $all "etcd" | toJson }}
{{- else }}{{ $all | toJson }}
{{- end -}}
{{- end -}}
