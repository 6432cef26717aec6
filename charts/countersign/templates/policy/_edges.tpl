{{- /*
Who is who, and who may reach whom: files/topology.json once more, by process instead of by agent. Every policy of this folder is made from
these and from nothing else, so no two of them can disagree.
*/ -}}

{{- /* JSON: identity → agent, what it reads and writes, its group, its calls [{to, path}]. */ -}}
{{- define "countersign.policy.identities" -}}
{{- $topology := .Files.Get "files/topology.json" | fromJson -}}
{{- $all := dict -}}
{{- range $agent, $it := $topology.agents -}}
  {{- range $process := $it.processes -}}
    {{- $calls := include "countersign.policy.calls" (dict "topology" $topology "calls" $it.calls) | fromJsonArray -}}
    {{- $group := get $it "group" | default "" -}}
    {{- $_ := set $all $process (dict "agent" $agent "reads" $it.reads "writes" $it.writes "group" $group "calls" $calls) -}}
  {{- end -}}
{{- end -}}
{{- if eq (include "countersign.mode" .) "paper" -}}
  {{- $_ := set $all "paper-exchange" (dict "agent" "paper-exchange" "reads" $topology.exchange.reads "writes" list "group" "" "calls" list) -}}
{{- end -}}
{{- if .Values.signalCanary.enabled -}}
  {{- /* It lays what it would have said beside what was said, and says nothing: platform/src/canary.ts. */ -}}
  {{- $reads := append $topology.agents.signal.reads (dict "topic" "signals.market.v1" "as" "every") -}}
  {{- $_ := set $all "signal-canary" (dict "agent" "signal-canary" "reads" $reads "writes" list "group" "" "calls" list) -}}
{{- end -}}
{{- $calls := include "countersign.policy.calls" (dict "topology" $topology "calls" $topology.desk.calls) | fromJsonArray -}}
{{- if .Values.desk.enabled -}}
  {{- $_ := set $all "desk" (dict "agent" "desk" "reads" $topology.desk.reads "writes" $topology.desk.writes "group" "" "calls" $calls) -}}
{{- end -}}
{{- /* It carries what persons have signed to the quorum, and has no word of its own. */ -}}
{{- $carried := list -}}
{{- range $call := $calls -}}
  {{- if hasPrefix "/countersign.v1.QuorumService/" $call.path }}{{ $carried = append $carried $call }}{{ end -}}
{{- end -}}
{{- $_ := set $all "found" (dict "agent" "found" "reads" list "writes" list "group" "" "calls" $carried) -}}
{{- toJson $all -}}
{{- end -}}

{{- /* Of agents to those of their processes. A validator asks itself too: whoever reads the log asks all in turn. */ -}}
{{- define "countersign.policy.calls" -}}
{{- $calls := list -}}
{{- range $call := .calls -}}
  {{- range $to := (index $.topology.agents $call.to).processes -}}
    {{- $calls = append $calls (dict "to" $to "path" $call.path) -}}
  {{- end -}}
{{- end -}}
{{- toJson $calls -}}
{{- end -}}

{{- /* JSON: who calls .process, each with the paths: {caller: [path]}. */ -}}
{{- define "countersign.policy.callers" -}}
{{- $callers := dict -}}
{{- range $name, $it := .identities -}}
  {{- $paths := list -}}
  {{- range $call := $it.calls }}{{ if eq $call.to $.process }}{{ $paths = append $paths $call.path }}{{ end }}{{ end -}}
  {{- if $paths }}{{ $_ := set $callers $name ($paths | uniq | sortAlpha) }}{{ end -}}
{{- end -}}
{{- toJson $callers -}}
{{- end -}}

{{- /* JSON: whom .it calls, each once. */ -}}
{{- define "countersign.policy.callees" -}}
{{- $callees := list -}}
{{- range $call := .it.calls }}{{ $callees = append $callees $call.to }}{{ end -}}
{{- $callees | uniq | sortAlpha | toJson -}}
{{- end -}}

{{- /* JSON: the processes that may use the paper exchange's own API. */ -}}
{{- define "countersign.policy.traders" -}}
{{- $topology := .Files.Get "files/topology.json" | fromJson -}}
{{- $traders := list -}}
{{- if eq (include "countersign.mode" .) "paper" -}}
  {{- range $agent := $topology.exchange.callers }}{{ $traders = concat $traders (index $topology.agents $agent).processes }}{{ end -}}
{{- end -}}
{{- $traders | sortAlpha | toJson -}}
{{- end -}}
