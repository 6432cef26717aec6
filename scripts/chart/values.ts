/** What values.yaml may say: the description from which values.schema.json is made. The words are those of the processes and of Kubernetes. */
import topology from "../../charts/countersign/files/topology.json" with { type: "json" };
import { anyText, flag, integer, list, map, object, oneOf, openObject, type Schema, text } from "./json-schema.ts";

const quantity = text("^[0-9]+(\\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$");
const name = text("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$");
const prefix = text("^([a-z0-9][-a-z0-9.]*)?$");
const address = text("^[A-Za-z0-9.-]+:[0-9]+$");
const base64 = text("^[A-Za-z0-9+/]+={0,2}$");
const decimal = text("^[0-9]+(\\.[0-9]+)?$");
const labels = map(anyText);
const ifAny = (pattern: string) => text(`^(${pattern})?$`);

const registry = ifAny("[A-Za-z0-9.-]+(:[0-9]+)?(/[a-z0-9._/-]+)?");
const imageProperties = {
  repository: text("^[a-z0-9][a-z0-9._/-]*$"),
  tag: text("^[A-Za-z0-9_][A-Za-z0-9_.-]*$", { not: { const: "latest" } }),
  digest: ifAny("sha256:[0-9a-f]{64}"),
};
const image = object(imageProperties);
/** Of somebody else's making. */
const foreignImage = object({ registry, ...imageProperties });

const amounts = object({ cpu: quantity, memory: quantity, "ephemeral-storage": quantity });
const resources = object({ requests: amounts, limits: amounts });

const toleration = object({
  key: anyText,
  operator: oneOf("Exists", "Equal"),
  value: anyText,
  effect: oneOf("NoSchedule", "PreferNoSchedule", "NoExecute"),
  tolerationSeconds: integer(0, 86_400),
});

const logLevel = oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent");
const share: Schema = { type: "number", minimum: 0, maximum: 1 };

const processProperties = {
  replicas: integer(1, 100),
  image,
  logLevel,
  traces: share,
  heapMiB: integer(64, 8_192),
  drainMs: integer(0, 15_000),
  terminationGracePeriodSeconds: integer(25, 600),
  startupSeconds: integer(10, 3_600),
  resources,
  tmpSize: quantity,
  dataSize: quantity,
  podLabels: labels,
  podAnnotations: labels,
  nodeSelector: labels,
  tolerations: list(toleration),
  priorityClassName: ifAny("[a-z0-9][-a-z0-9.]*"),
};

/** As flagd writes one. */
function flagOf(value: Schema): Schema {
  return object(
    {
      state: oneOf("ENABLED", "DISABLED"),
      variants: map(value, { minProperties: 1 }),
      defaultVariant: anyText,
      targeting: openObject,
    },
    { required: ["state", "variants", "defaultVariant"] },
  );
}

const autoscaling = object({
  enabled: flag,
  minReplicas: integer(1, 100),
  maxReplicas: integer(1, 100),
  cpuPercent: integer(10, 100),
  lagRecords: integer(1, 1_000_000),
  fallbackReplicas: integer(1, 100),
  scaleDownSeconds: integer(60, 3_600),
});

/** Of what founding made: ClusterSpec of platform/src/processes/cluster.ts, without the addresses. */
const cluster = object(
  {
    format: { const: 2 },
    mode: oneOf("paper", "shadow"),
    platform: text("^cs-[0-9a-f]{8}$"),
    account: anyText,
    currency: text("^[A-Z]{3}$"),
    deposit: decimal,
    person: text("^person:[a-z0-9-]{1,64}$"),
    cofounders: list(text("^person:[a-z0-9-]{1,64}$")),
    traded: list(anyText, { minItems: 1 }),
    hedge: { type: ["string", "null"] },
    market: object({
      traces: list(object({ path: anyText, symbol: anyText }), { minItems: 1 }),
      from: anyText,
      to: anyText,
      speed: { type: "number", exclusiveMinimum: 0 },
    }),
    strategies: list(anyText),
    limits: text("^[A-Za-z0-9_.-]+\\.json$"),
    limitsFile: anyText,
    settings: object({
      ceiling: object({ notional: decimal, persons: integer(1, 16) }),
      portfolio: object({ targetVolatility: positive(), weightMax: positive(), noTradeBand: positive() }),
      hedge: object({ band: positive(), bandInStress: positive(), effectivenessMin: positive() }),
      venueLatencyMs: { type: "number", minimum: 0 },
    }),
    genesis: base64,
    openings: list(base64, { minItems: 1 }),
    founding: object({ genesis: base64, deposit: base64 }, { required: ["genesis", "deposit"] }),
  },
  // Nothing, or all of it.
  {
    dependentRequired: {
      platform: [
        ...["format", "mode", "account", "currency", "deposit", "person", "traded", "market", "strategies"],
        ...["limits", "limitsFile", "settings", "genesis", "openings", "founding"],
      ],
    },
  },
);

/** In the words of a NetworkPolicy. */
const selector = object({
  matchLabels: labels,
  matchExpressions: list(
    object({ key: anyText, operator: oneOf("In", "NotIn", "Exists", "DoesNotExist"), values: list(anyText) }),
  ),
});
const peers = list(
  object({
    namespaceSelector: selector,
    podSelector: selector,
    ipBlock: object({ cidr: anyText, except: list(anyText) }),
  }),
);
const engine = object({ port: integer(1, 65_535), to: peers });
const duration = text("^([0-9]+(h|m|s))+$");
const engineServer = object({ size: quantity, resources });

const schedule = text("^[^ ]+( [^ ]+){4}$");

function positive(): Schema {
  return { type: "number", minimum: 0 };
}

function agentValues(): Record<string, Schema> {
  const values: Record<string, Schema> = {};
  for (const agent of [...Object.keys(topology.agents), "paper-exchange"])
    values[agent] = object({ ...processProperties, ...(agent === "policy" && { autoscaling }) });
  return values;
}

export function valuesSchema(): Schema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Values of the chart countersign",
    $comment: "Generated by scripts/chart/schema.ts.",
    ...object({
      // As a part of another chart: its values, and whether it is wanted.
      global: openObject,
      enabled: flag,
      image: object({
        registry,
        repository: text("^[a-z0-9][a-z0-9._/-]*$"),
        tag: ifAny("[A-Za-z0-9_][A-Za-z0-9_.-]*"),
        pullPolicy: oneOf("IfNotPresent", "Always", "Never"),
        pullSecrets: list(name),
      }),
      cluster,
      process: object(processProperties),
      processes: object(agentValues()),
      flags: object({ "log-level": flagOf(logLevel), "trace-share": flagOf(share) }),
      validators: object({ antiAffinity: oneOf("required", "preferred"), syncWaves: flag }),
      persistence: object({ enabled: flag, storageClass: prefix, size: quantity }),
      kafka: object({
        brokers: list(address),
        tls: object({ enabled: flag, caSecret: name, userSecretPrefix: prefix }),
        strimzi: object({ enabled: flag, cluster: name, namespace: prefix, replicas: integer(1, 9) }),
      }),
      topics: object({ enabled: flag, replicas: integer(1, 9) }),
      etcd: object({ endpoints: list(address), tls: object({ enabled: flag, secretPrefix: prefix }) }),
      postgres: object({ tls: object({ caSecret: prefix }) }),
      redis: object({ tls: object({ caSecret: prefix }) }),
      engines: object({
        enabled: flag,
        image,
        passwordSecret: name,
        kafkaHeap: text("^[0-9]+[mg]$"),
        servers: object({ kafka: engineServer, postgres: engineServer, redis: engineServer, etcd: engineServer }),
      }),
      tools: object({ image, resources }),
      desk: object({ enabled: flag, keys: list(text("^[a-z0-9_.-]+\\.key$")) }),
      telemetry: object({
        otlpEndpoint: ifAny("https?://[^ ]+"),
        collector: object({
          enabled: flag,
          image: foreignImage,
          tracesEndpoint: ifAny("https?://[^ ]+"),
          clickhouse: object({
            endpoint: ifAny("(tcp|https?|clickhouse)://[^ ]+"),
            database: anyText,
            username: anyText,
            passwordSecret: name,
            ttl: duration,
          }),
          resources,
        }),
        logs: object({ enabled: flag, namespace: prefix, resources }),
      }),
      serviceMonitor: object({ enabled: flag, interval: text("^[0-9]+(s|m)$"), labels }),
      tests: object({ withinSeconds: integer(5, 3_600), mustFail: flag }),
      canary: object({ enabled: flag, schedule, allowQuiet: flag, afterSync: flag }),
      soak: object({ enabled: flag, for: text("^[1-9][0-9]*[hm]$"), withinSeconds: integer(5, 3_600) }),
      chaos: object({
        enabled: flag,
        confirm: prefix,
        schedule,
        components: list(name, { minItems: 1 }),
        withinSeconds: integer(10, 3_600),
      }),
      externalSecrets: object({
        enabled: flag,
        refreshInterval: text("^[0-9]+[smh]$"),
        vault: object({ server: ifAny("https://[^ ]+"), mount: name, authMount: name, caSecret: prefix }),
      }),
      certManager: object({
        enabled: flag,
        issuer: object({ group: name, kind: oneOf("Issuer", "ClusterIssuer"), name }),
        duration: text("^([0-9]+h)([0-9]+m)?([0-9]+s)?$"),
        renewBefore: text("^([0-9]+h)([0-9]+m)?([0-9]+s)?$"),
        clusterDomain: name,
      }),
      mesh: object({
        enabled: flag,
        trustDomain: anyText,
        clusterDomain: anyText,
        scrapers: list(anyText),
        egressHosts: list(anyText),
      }),
      networkPolicy: object({
        enabled: flag,
        dns: peers,
        monitoring: peers,
        istiod: peers,
        apiServer: object({ ports: list(integer(1, 65_535), { minItems: 1 }), to: peers }),
        engines: object({ kafka: engine, postgres: engine, redis: engine, etcd: engine, collector: engine }),
        collectorEgress: list(
          object({ ports: list(object({ protocol: oneOf("TCP"), port: integer(1, 65_535) })), to: peers }),
        ),
      }),
      alerts: object({
        enabled: flag,
        labels,
        repository: ifAny("https?://[^ ]+"),
        disabled: list(text("^[A-Z][A-Za-z]+$")),
      }),
      dashboards: object({ enabled: flag, labels, annotations: labels }),
      rollouts: object({
        enabled: flag,
        prometheus: text("^https?://[^ ]+$"),
        dryRun: flag,
        callsMin: integer(1, 1_000_000),
        refusalsMax: { type: "number", minimum: 1 },
        latencyMax: { type: "number", minimum: 1 },
      }),
      signalCanary: object({
        enabled: flag,
        image,
        agreementMin: { type: "number", minimum: 0, maximum: 1 },
        wordsMin: integer(1, 1_000_000),
      }),
      admission: object({
        validatingAdmissionPolicy: object({ enabled: flag }),
        gatekeeper: object({ enabled: flag }),
        digests: flag,
        operators: list(
          object(
            { user: text("^system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+$"), label: text("^[A-Za-z0-9._/-]+$") },
            { required: ["user", "label"] },
          ),
        ),
      }),
    }),
  };
}
