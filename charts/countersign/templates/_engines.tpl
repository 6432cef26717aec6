{{- define "countersign.engines.ports" -}}
{"kafka": 9092, "postgres": 5432, "redis": 6379, "etcd": 2379}
{{- end }}
