{{- /* JSON: the rules of files/admission that hold here: name → what its file says. */ -}}
{{- define "countersign.rules" -}}
{{- $rules := dict -}}
{{- range $path, $_ := .Files.Glob "files/admission/*.yaml" -}}
  {{- $rule := $.Files.Get $path | fromYaml -}}
  {{- $when := get $rule "when" -}}
  {{- if or (not $when) (get $.Values.admission $when) -}}
    {{- $_ := set $rules (base $path | trimSuffix ".yaml") $rule -}}
  {{- end -}}
{{- end -}}
{{- toJson $rules -}}
{{- end -}}

{{- /*
JSON: what rules may ask for: the catalogue's topics, of each user of the brokers what it may do there, and the service accounts that speak with
the Kubernetes API.
*/ -}}
{{- define "countersign.rules.parameters" -}}
{{- $topics := list -}}
{{- range (.Files.Get "files/topology.json" | fromJson).topics }}{{ $topics = append $topics .topic }}{{ end -}}
{{- $users := dict -}}
{{- range $name, $it := include "countersign.policy.identities" . | fromJson -}}
  {{- $reads := list -}}
  {{- range $it.reads }}{{ $reads = append $reads .topic }}{{ end -}}
  {{- $groups := list -}}
  {{- with $it.group }}{{ $groups = list . }}{{ end -}}
  {{- $_ := set $users $name (dict "reads" $reads "writes" $it.writes "groups" $groups) -}}
{{- end -}}
{{- $apiAccounts := ternary (list "chaos") list .Values.chaos.enabled -}}
{{- dict "topics" $topics "users" $users "apiAccounts" $apiAccounts | toJson -}}
{{- end -}}

{{- /* JSON: where the rules hold. */ -}}
{{- define "countersign.rules.namespaces" -}}
{{- list .Release.Namespace .Values.kafka.strimzi.namespace | compact | uniq | toJson -}}
{{- end -}}

{{- /* JSON: of what a rule speaks, in the API's words: [{group, kinds, resources}]. */ -}}
{{- define "countersign.rules.scope" -}}
{{- $of := ternary "container" .rule.of (eq .rule.of "pod") -}}
{{- get (.root.Files.Get "files/admission/scopes.json" | fromJson) $of | required (printf "files/admission/%s.yaml: scopes.json has no %s" .name $of) | toJson -}}
{{- end -}}

{{- /* The parameters that a rule asks for, and no others: they are as long as the catalogue. */ -}}
{{- define "countersign.rules.used" -}}
{{- $used := dict -}}
{{- range $name, $value := .parameters -}}
  {{- if contains (printf "parameters.%s" $name) (toJson $.rule) }}{{ $_ := set $used $name $value }}{{ end -}}
{{- end -}}
{{- toJson $used -}}
{{- end -}}

{{- /* A rule in Rego, in its frame; policy/rego.ts makes the same of it for conftest. */ -}}
{{- define "countersign.rules.rego" -}}
{{- $frame := ternary .rule.of "object" (has .rule.of (list "container" "pod")) -}}
{{ .root.Files.Get (printf "files/admission/frames/%s.rego" $frame) | replace "RULE" .name | replace "KIND" .rule.of | replace "SAYS" .rule.says }}
{{ .rule.rego | trim }}
{{- end -}}

{{- /*
JSON: label → who may bring what carries it, as their own affair. An operator makes Deployments and Jobs as well as pods, and of those Kubernetes'
controllers make pods in their own names. Who brings the first is asked about, so the second carry the label only where an operator gave it; no
kind that is not asked about has one of these controllers.
*/ -}}
{{- define "countersign.rules.operators" -}}
{{- $operators := dict -}}
{{- if has .rule.of (list "container" "pod") -}}
  {{- range .root.Values.admission.operators -}}
    {{- $users := get $operators .label | default list -}}
    {{- $_ := set $operators .label (append $users .user) -}}
  {{- end -}}
  {{- range $label, $users := $operators -}}
    {{- range list "deployment-controller" "replicaset-controller" "job-controller" -}}
      {{- $users = append $users (printf "system:serviceaccount:kube-system:%s" .) -}}
    {{- end -}}
    {{- $_ := set $operators $label $users -}}
  {{- end -}}
{{- end -}}
{{- toJson $operators -}}
{{- end -}}
