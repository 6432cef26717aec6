/** Kubernetes asks for its own parts at v0.0.0, which nobody has: version 1.N.P of them is published as v0.N.P. */
export function stagingOf(version: string): Readonly<Record<string, string>> {
  const published = `v0${version.slice(version.indexOf("."))}`;
  return Object.fromEntries(parts.map((name) => [`k8s.io/${name}`, `k8s.io/${name} ${published}`]));
}

/** Without them a component calls itself v0.0.0-master, and its neighbours think that it is too old. */
export function versionVariables(version: string): Readonly<Record<string, string>> {
  const [major = "", minor = ""] = version.split(".");
  const variable = (name: string) => `k8s.io/component-base/version.${name}`;
  return {
    [variable("gitVersion")]: `v${version}`,
    [variable("gitMajor")]: major,
    [variable("gitMinor")]: minor,
  };
}

const parts = [
  "api",
  "apiextensions-apiserver",
  "apimachinery",
  "apiserver",
  "cli-runtime",
  "client-go",
  "cloud-provider",
  "cluster-bootstrap",
  "code-generator",
  "component-base",
  "component-helpers",
  "controller-manager",
  "cri-api",
  "cri-client",
  "cri-streaming",
  "csi-translation-lib",
  "dynamic-resource-allocation",
  "endpointslice",
  "externaljwt",
  "kms",
  "kube-aggregator",
  "kube-controller-manager",
  "kube-proxy",
  "kube-scheduler",
  "kubectl",
  "kubelet",
  "metrics",
  "mount-utils",
  "pod-security-admission",
  "sample-apiserver",
  "sample-cli-plugin",
  "sample-controller",
  "streaming",
] as const;
