/** Where the definitions of the kinds come from that are not Kubernetes' own. Only what some manifest of ours is made of, or may soon be. */

export interface CrdSource {
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** In the module: files, or folders and the endings of the files that count. */
  readonly files: readonly string[];
}

export const crdSources: readonly CrdSource[] = [
  {
    name: "argo-cd",
    module: "github.com/argoproj/argo-cd/v3",
    version: "v3.5.1",
    files: ["application", "applicationset", "appproject"].map((kind) => `manifests/crds/${kind}-crd.yaml`),
  },
  {
    name: "argo-rollouts",
    module: "github.com/argoproj/argo-rollouts",
    version: "v1.9.1",
    files: ["rollout", "analysis-template", "cluster-analysis-template", "analysis-run"].map(
      (kind) => `manifests/crds/${kind}-crd.yaml`,
    ),
  },
  {
    name: "keda",
    module: "github.com/kedacore/keda/v2",
    version: "v2.20.2",
    files: ["scaledobjects", "triggerauthentications"].map((kinds) => `config/crd/bases/keda.sh_${kinds}.yaml`),
  },
  {
    name: "external-secrets",
    module: "github.com/external-secrets/external-secrets",
    version: "v1.3.2",
    files: ["externalsecrets", "secretstores", "clustersecretstores"].map(
      (kinds) => `config/crds/bases/external-secrets.io_${kinds}.yaml`,
    ),
  },
  {
    name: "cert-manager",
    module: "github.com/cert-manager/cert-manager",
    version: "v1.21.2",
    files: ["certificates", "issuers", "clusterissuers"].map((kinds) => `deploy/crds/cert-manager.io_${kinds}.yaml`),
  },
  {
    name: "istio",
    module: "istio.io/istio",
    version: "v0.0.0-20260827124520-eed52ebb66ad",
    files: ["manifests/charts/base/files/crd-all.gen.yaml"],
  },
  {
    name: "prometheus-operator",
    module: "github.com/prometheus-operator/prometheus-operator",
    version: "v0.85.0",
    files: ["servicemonitors", "podmonitors", "probes", "prometheusrules"].map(
      (kinds) => `example/prometheus-operator-crd/monitoring.coreos.com_${kinds}.yaml`,
    ),
  },
  {
    name: "cloudnative-pg",
    module: "github.com/cloudnative-pg/cloudnative-pg",
    version: "v1.30.0",
    files: ["clusters", "databases", "backups", "scheduledbackups", "poolers"].map(
      (kinds) => `config/crd/bases/postgresql.cnpg.io_${kinds}.yaml`,
    ),
  },
  {
    name: "plugin-barman-cloud",
    module: "github.com/cloudnative-pg/plugin-barman-cloud",
    version: "v0.15.0",
    files: ["config/crd/bases/barmancloud.cnpg.io_objectstores.yaml"],
  },
  {
    name: "gatekeeper",
    module: "github.com/open-policy-agent/gatekeeper/v3",
    version: "v3.23.0",
    files: ["config/crd/bases/constrainttemplate-customresourcedefinition.yaml"],
  },
  ...[
    { name: "source-controller", version: "v1.7.0", kinds: "source.toolkit.fluxcd.io_gitrepositories" },
    { name: "kustomize-controller", version: "v1.7.2", kinds: "kustomize.toolkit.fluxcd.io_kustomizations" },
    { name: "helm-controller", version: "v1.4.0", kinds: "helm.toolkit.fluxcd.io_helmreleases" },
  ].map(({ name, version, kinds }) => {
    return { name, module: `github.com/fluxcd/${name}`, version, files: [`config/crd/bases/${kinds}.yaml`] };
  }),
  {
    name: "chaos-mesh",
    module: "github.com/chaos-mesh/chaos-mesh",
    version: "v0.9.1-0.20260902003049-47411975a8cb",
    files: ["schedules", "podchaos", "networkchaos", "iochaos", "stresschaos", "timechaos", "dnschaos"].map(
      (kinds) => `config/crd/bases/chaos-mesh.org_${kinds}.yaml`,
    ),
  },
];

/** Strimzi's are made by its own generator out of its own classes: both are on Maven Central, the files are not. */
export const strimziKinds: Readonly<Record<string, string>> = {
  Kafka: "io.strimzi.api.kafka.model.kafka.Kafka",
  KafkaNodePool: "io.strimzi.api.kafka.model.nodepool.KafkaNodePool",
  KafkaTopic: "io.strimzi.api.kafka.model.topic.KafkaTopic",
  KafkaUser: "io.strimzi.api.kafka.model.user.KafkaUser",
};
