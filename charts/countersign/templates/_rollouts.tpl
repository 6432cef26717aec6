{{/*
Whether Argo Rollouts runs an agent's pods. Others than these have one process at a time: a canary of theirs would be a second writer.
(dict "root" $ "agent" "policy")
*/}}
{{- define "countersign.rollout" -}}
{{- if and .root.Values.rollouts.enabled (has .agent (list "policy" "gateway")) }}true{{- end }}
{{- end }}

{{/* One version's refusals in each call that it served, in five minutes; a little is added so that none compares with none. */}}
{{- define "countersign.rollouts.refusals" -}}
((sum(increase(countersign_refusals_total{agent="policy",rollouts_pod_template_hash="{{ . }}"}[5m])) or vector(0))
  / sum({{ include "countersign.rollouts.calls" . }}) + 0.001)
{{- end }}

{{- define "countersign.rollouts.calls" -}}
increase(countersign_work_seconds_count{agent="policy",operation="serve",name="PolicyService.Validate",rollouts_pod_template_hash="{{ . }}"}[5m])
{{- end }}

{{- define "countersign.rollouts.p95" -}}
histogram_quantile(0.95, sum by (le) (rate(countersign_work_seconds_bucket{agent="policy",operation="serve",name="PolicyService.Validate",rollouts_pod_template_hash="{{ . }}"}[5m])))
{{- end }}

{{/* Conditions: where the query answers nothing, neither holds, and the measurement is inconclusive. */}}
{{- define "countersign.rollouts.judged" -}}
interval: 1m
count: 5
initialDelay: 2m
failureLimit: 1
inconclusiveLimit: 2
consecutiveErrorLimit: 3
successCondition: len(result) > 0 && result[0] <= {{ . }}
failureCondition: len(result) > 0 && result[0] > {{ . }}
{{- end }}
