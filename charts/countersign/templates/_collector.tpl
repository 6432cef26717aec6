{{- define "countersign.collector.config" -}}
{{- $collector := .Values.telemetry.collector -}}
extensions:
  health_check:
    endpoint: 0.0.0.0:13133
receivers:
  otlp:
    protocols:
      grpc: { endpoint: "0.0.0.0:4317" }
      http: { endpoint: "0.0.0.0:4318" }
processors:
  # Of the container's own limit, so that it refuses before it is ended.
  memory_limiter: { check_interval: 1s, limit_percentage: 75, spike_limit_percentage: 20 }
  batch: { timeout: 2s, send_batch_size: 1024 }
exporters:
  {{- if $collector.tracesEndpoint }}
  otlphttp/traces: { endpoint: {{ $collector.tracesEndpoint | quote }} }
  {{- end }}
  {{- with $collector.clickhouse }}
  {{- if .endpoint }}
  clickhouse/logs:
    endpoint: {{ .endpoint | quote }}
    database: {{ .database }}
    username: {{ .username }}
    password: ${file:/etc/clickhouse/password}
    logs_table_name: logs
    ttl: {{ .ttl }}
    create_schema: true
    retry_on_failure: { enabled: true, max_elapsed_time: 300s }
  {{- end }}
  {{- end }}
  nop: {}
service:
  extensions: [health_check]
  telemetry:
    metrics:
      readers:
        - pull: { exporter: { prometheus: { host: 0.0.0.0, port: 8888 } } }
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [{{ ternary "otlphttp/traces" "nop" (ne $collector.tracesEndpoint "") }}]
    logs:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [{{ ternary "clickhouse/logs" "nop" (ne $collector.clickhouse.endpoint "") }}]
{{- end }}

{{/* Of the processes of this release alone: the names of the files say the namespace, pod and container. */}}
{{- define "countersign.logs.config" -}}
extensions:
  health_check:
    endpoint: 0.0.0.0:13133
  # Where it has come to in each file, across restarts.
  file_storage:
    directory: /var/lib/otel
receivers:
  filelog:
    include: ["/var/log/pods/{{ .Release.Namespace }}_*/*/*.log"]
    start_at: end
    include_file_path: true
    storage: file_storage
    operators:
      - type: container
      # One JSON object a line; what is none, such as a crash of Node itself, stays as it is.
      - type: json_parser
        if: body matches "^{"
        parse_from: body
        parse_to: attributes
        on_error: send_quiet
processors:
  memory_limiter: { check_interval: 1s, limit_percentage: 75, spike_limit_percentage: 20 }
  batch: { timeout: 2s }
exporters:
  otlphttp:
    endpoint: http://collector.{{ .Release.Namespace }}.svc:4318
    retry_on_failure: { enabled: true, max_elapsed_time: 300s }
service:
  extensions: [health_check, file_storage]
  pipelines:
    logs:
      receivers: [filelog]
      processors: [memory_limiter, batch]
      exporters: [otlphttp]
{{- end }}

{{- define "countersign.collector.image" -}}
{{- $image := .Values.telemetry.collector.image -}}
{{- if or (not $image.repository) (not (or $image.tag $image.digest)) }}
{{- fail "telemetry.collector.image: say its registry, repository, and tag or digest: a distribution that has the exporter `clickhouse`" }}
{{- end }}
{{- include "countersign.image" (dict "root" . "name" "collector" "image" $image) }}
{{- end }}

{{- define "countersign.collector.probes" -}}
startupProbe:
  httpGet: { path: /, port: http-probe }
  periodSeconds: 2
  failureThreshold: 30
readinessProbe:
  httpGet: { path: /, port: http-probe }
  periodSeconds: 5
{{- end }}
