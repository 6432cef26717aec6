{{/* Of which PostgreSQL: validators have one each, so that two of three votes never lie in one database. (dict "process" …) */}}
{{- define "countersign.secrets.database" -}}
{{ ternary (printf "postgres-%s" .process.name) "postgres" (eq .process.agent "validator") }}
{{- end }}

{{/* A login's name: PostgreSQL's names have no hyphen without quotes. */}}
{{- define "countersign.secrets.login" -}}
{{ regexReplaceAll "[^a-z0-9]" . "_" }}
{{- end }}

{{/* One value out of Vault. Defaults of the CRD are written out, so that what is applied equals what is kept. */}}
{{- define "countersign.secrets.value" -}}
- secretKey: {{ .as }}
  remoteRef:
    key: {{ .path }}
    property: {{ .property }}
    conversionStrategy: Default
    decodingStrategy: None
    metadataPolicy: None
{{- end }}

{{- define "countersign.secrets.target" -}}
refreshPolicy: Periodic
refreshInterval: {{ .root.Values.externalSecrets.refreshInterval | default "5m" }}
secretStoreRef:
  kind: SecretStore
  name: {{ .store }}
target:
  name: {{ .name }}
  creationPolicy: Owner
  # A Secret whose source is gone stays: a process that is restarted while Vault is away shall start.
  deletionPolicy: Retain
{{- end }}

{{- define "countersign.secrets.enabled" -}}
{{- if (.Values.externalSecrets | default dict).enabled }}true{{- end }}
{{- end }}

{{- define "countersign.certificates.enabled" -}}
{{- if (.Values.certManager | default dict).enabled }}true{{- end }}
{{- end }}

{{/* Who signs the processes' certificates: an issuer of one's own, or this namespace's. */}}
{{- define "countersign.certificates.issuer" -}}
{{- $given := .Values.certManager.issuer | default dict -}}
group: {{ $given.group | default "cert-manager.io" }}
kind: {{ $given.kind | default "Issuer" }}
name: {{ $given.name | default "countersign-ca" }}
{{- end }}
