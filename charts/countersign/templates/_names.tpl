{{/* Who there is: from files/topology.json, which is generated from the canvases. */}}
{{- define "countersign.topology" -}}
{{ .Files.Get "files/topology.json" }}
{{- end }}

{{/* The agents that may have several processes at once; of everybody else two would be two writers. */}}
{{- define "countersign.replicated" -}}
["policy"]
{{- end }}

{{/*
Every process, as JSON: name, agent, kind of its workload, `serves` (gRPC), `gated`. Gated: calls wait for one that is ready. Whoever is
not gated is found in DNS also while it is not ready: a halt, a vote and the founding have to reach it then, and so does a person who asks
how it is.
*/}}
{{- define "countersign.processes" -}}
{{- $topology := include "countersign.topology" . | fromJson }}
{{- $all := list }}
{{- range $agent, $facts := $topology.agents }}
{{- $gated := false }}
{{- range $facts.serves }}
{{- if not (or (hasPrefix "HaltService." .) (hasPrefix "QuorumService." .)) }}{{- $gated = true }}{{- end }}
{{- end }}
{{- range $name := $facts.processes }}
{{- $kind := ternary "StatefulSet" "Deployment" (eq $agent "validator") }}
{{- $all = append $all (dict "name" $name "agent" $agent "kind" $kind "serves" (gt (len $facts.serves) 0) "gated" $gated) }}
{{- end }}
{{- end }}
{{- if eq (include "countersign.mode" .) "paper" }}
{{- $all = append $all (dict "name" "paper-exchange" "agent" "paper-exchange" "kind" "StatefulSet" "serves" false "gated" false) }}
{{- end }}
{{- dict "processes" $all | toJson }}
{{- end }}

{{- define "countersign.mode" -}}
{{ .Values.cluster.mode | default "paper" }}
{{- end }}

{{- define "countersign.chart" -}}
{{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* What selects: never changes while the release lives. (dict "root" $ "component" "policy") */}}
{{- define "countersign.selector" -}}
app.kubernetes.io/name: countersign
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* (dict "root" $ "component" "validator-1" "agent" "validator"); `agent` only of an agent's own. */}}
{{- define "countersign.labels" -}}
{{ include "countersign.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: countersign
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ include "countersign.chart" .root }}
{{- with .agent }}
countersign.dev/agent: {{ . }}
{{- end }}
{{- end }}

{{/* An image, by digest where one is given. (dict "root" $ "name" "policy" "image" overrides) */}}
{{- define "countersign.image" -}}
{{- $all := .root.Values.image }}
{{- $own := .image | default dict }}
{{- $repository := $own.repository | default (printf "%s-%s" $all.repository .name | trimSuffix "-") }}
{{- $host := hasKey $own "registry" | ternary $own.registry $all.registry }}
{{- $registry := ternary (printf "%s/" $host) "" (ne ($host | default "") "") }}
{{- if $own.digest -}}
{{ $registry }}{{ $repository }}@{{ $own.digest }}
{{- else -}}
{{- $tag := $own.tag | default $all.tag | default .root.Chart.AppVersion }}
{{- if eq $tag "latest" }}{{- fail (printf "image of %s: `latest` names no version: give a tag or, better, a digest" (.name | default "countersign")) }}{{- end -}}
{{ $registry }}{{ $repository }}:{{ $tag }}
{{- end }}
{{- end }}

{{/*
Of a pod that is no part of the mesh: whoever sends to it may have no certificate of it, as those who read logs in another namespace and those who
scrape, or it speaks with nobody there, or, as an engine, it is reached past the sidecars. Sidecars that send to it send in the clear; network
policies say who may.
*/}}
{{- define "countersign.mesh.outside" -}}
{{- if .Values.mesh.enabled -}}
sidecar.istio.io/inject: "false"
{{- end }}
{{- end }}

{{/*
Of a pod in the mesh: the ports of the engines that it uses go past its sidecar. Engines have a TLS of their own, by certificates that name a user,
and their addresses are in no Sidecar. Nothing of a pod that uses none. (dict "root" $ "agent" "policy")
*/}}
{{- define "countersign.mesh.past" -}}
{{- if .root.Values.mesh.enabled }}
{{- $engines := include "countersign.policy.engines" .root | fromJson }}
{{- $ports := list }}
{{- range $engine := without (include "countersign.policy.enginesOf" .agent | fromJsonArray) "collector" }}
{{- with get $engines $engine }}{{- $ports = append $ports (int .port) }}{{- end }}
{{- end }}
{{- with $ports | uniq | sortAlpha -}}
traffic.sidecar.istio.io/excludeOutboundPorts: {{ join "," . | quote }}
{{- end }}
{{- end }}
{{- end }}
