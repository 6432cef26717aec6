/**
 * The components of a node, in the order in which they start: what each is called with, and the files it reads. Two things are unusual. The
 * kernel may have its cgroups in version 1, which a kubelet refuses unless it is told to go on; and root may be without
 * CAP_SYS_RESOURCE, so nobody asks for a lower oom score or for more open files than there are.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubeconfig } from "./pki.ts";
import { CGROUP, images, NODE, network, type Place } from "./place.ts";
import { PLUGINS, type Program, program } from "./programs.ts";

export interface Component {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export function components(place: Place): {
  readonly engine: Component;
  readonly runtime: Component;
  readonly api: Component;
  readonly rest: readonly Component[];
} {
  const { dir, pki } = place;
  const file = (name: string) => join(pki, name);
  const component = (name: Program, options: Readonly<Record<string, string | number | boolean>>): Component => ({
    name,
    command: program(name),
    args: Object.entries(options).map(([option, value]) => `--${option}=${value}`),
  });
  const config = (who: string) => join(dir, `${who}.kubeconfig`);
  const as = (who: string) =>
    Object.fromEntries(
      ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"].map((option) => [option, config(who)]),
    );
  return {
    engine: component("etcd", {
      "data-dir": join(dir, "etcd"),
      "listen-client-urls": "http://127.0.0.1:2379",
      "advertise-client-urls": "http://127.0.0.1:2379",
      "listen-peer-urls": "http://127.0.0.1:2380",
      // Nothing of it outlives the node.
      "unsafe-no-fsync": true,
      "log-level": "warn",
    }),
    runtime: component("containerd", { config: join(dir, "containerd.toml") }),
    api: component("kube-apiserver", {
      "etcd-servers": "http://127.0.0.1:2379",
      "advertise-address": network.node.address,
      "client-ca-file": file("ca.crt"),
      "tls-cert-file": file("apiserver.crt"),
      "tls-private-key-file": file("apiserver.key"),
      "authorization-mode": "Node,RBAC",
      "enable-admission-plugins": "NodeRestriction",
      "allow-privileged": true,
      "service-cluster-ip-range": network.services.all,
      "service-account-issuer": "https://kubernetes.default.svc",
      "service-account-key-file": file("service-accounts.key"),
      "service-account-signing-key-file": file("service-accounts.key"),
      "kubelet-client-certificate": file("admin.crt"),
      "kubelet-client-key": file("admin.key"),
      "kubelet-certificate-authority": file("ca.crt"),
      // The node's name is nowhere to be looked up.
      "kubelet-preferred-address-types": "InternalIP",
      "requestheader-client-ca-file": file("ca.crt"),
      "requestheader-allowed-names": "front-proxy",
      "requestheader-username-headers": "X-Remote-User",
      "requestheader-group-headers": "X-Remote-Group",
      "requestheader-extra-headers-prefix": "X-Remote-Extra-",
      "proxy-client-cert-file": file("front-proxy.crt"),
      "proxy-client-key-file": file("front-proxy.key"),
    }),
    rest: [
      component("kube-controller-manager", {
        ...as("controller-manager"),
        "leader-elect": false,
        "bind-address": "127.0.0.1",
        "allocate-node-cidrs": true,
        "cluster-cidr": network.pods.all,
        "service-cluster-ip-range": network.services.all,
        "service-account-private-key-file": file("service-accounts.key"),
        "root-ca-file": file("ca.crt"),
        "cluster-signing-cert-file": file("ca.crt"),
        "cluster-signing-key-file": file("ca.key"),
        "use-service-account-credentials": true,
        "flex-volume-plugin-dir": join(dir, "volume-plugins"),
      }),
      component("kube-scheduler", { ...as("scheduler"), "leader-elect": false, "bind-address": "127.0.0.1" }),
      component("kubelet", {
        kubeconfig: config("kubelet"),
        config: join(dir, "kubelet.json"),
        "hostname-override": NODE,
        "node-ip": network.node.address,
      }),
      component("kube-proxy", { config: join(dir, "proxy.json"), "hostname-override": NODE }),
      component("kube-router", {
        kubeconfig: place.inside,
        "hostname-override": NODE,
        "run-firewall": true,
        "run-router": false,
        "run-service-proxy": false,
        "run-loadbalancer": false,
        "service-cluster-ip-range": network.services.all,
      }),
    ],
  };
}

export function writeConfigs(place: Place): void {
  const { dir, pki, runtime } = place;
  const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
  for (const who of ["controller-manager", "scheduler", "proxy", "kubelet"])
    write(`${who}.kubeconfig`, kubeconfig(place, who, "node"));
  writeFileSync(place.inside, kubeconfig(place, "admin", "node"), { mode: 0o600 });
  writeFileSync(place.kubeconfig, kubeconfig(place, "admin", "host"), { mode: 0o600 });
  write("containerd.toml", runtimeConfig(place));
  mkdirSync(join(dir, "cni"), { recursive: true });
  write("cni/10-bridge.conflist", JSON.stringify(cni()));
  // No name outside is known.
  write("resolv.conf", "");
  write(
    "kubelet.json",
    JSON.stringify({
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: join(pki, "ca.crt") },
      },
      authorization: { mode: "Webhook" },
      tlsCertFile: join(pki, "kubelet-server.crt"),
      tlsPrivateKeyFile: join(pki, "kubelet-server.key"),
      containerRuntimeEndpoint: `unix://${runtime}`,
      clusterDNS: [network.services.dns],
      clusterDomain: "cluster.local",
      resolvConf: join(dir, "resolv.conf"),
      failCgroupV1: false,
      cgroupDriver: "cgroupfs",
      cgroupRoot: `/${CGROUP}`,
      oomScoreAdj: 0,
      maxOpenFiles: 16_384,
      maxPods: 100,
      evictionHard: { "memory.available": "200Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
      // An image that was loaded can be had from nowhere else.
      imageGCHighThresholdPercent: 100,
      volumePluginDir: join(dir, "volume-plugins"),
    }),
  );
  write(
    "proxy.json",
    JSON.stringify({
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      clientConnection: { kubeconfig: join(dir, "proxy.kubeconfig") },
      mode: "iptables",
      clusterCIDR: network.pods.all,
      oomScoreAdj: 0,
      // What it would set is the whole host's.
      conntrack: { maxPerCore: 0, min: 0 },
    }),
  );
}

function runtimeConfig({ dir, runtime }: Place): string {
  const cri = "plugins.'io.containerd.cri.v1.runtime'";
  return `version = 3
root = '${dir}/containerd'
state = '/run/containerd'
oom_score = 0
imports = []
disabled_plugins = ['io.containerd.nri.v1.nri', 'io.containerd.tracing.processor.v1.otlp', 'io.containerd.internal.v1.tracing']
[grpc]
  address = '${runtime}'
[plugins.'io.containerd.internal.v1.opt']
  path = '${dir}/opt'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '${images.pause}'
[${cri}]
  disable_apparmor = true
  restrict_oom_score_adj = true
[${cri}.cni]
  bin_dirs = ['${PLUGINS}']
  conf_dir = '${dir}/cni'
[${cri}.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[${cri}.containerd.runtimes.runc.options]
  BinaryName = '${program("runc")}'
  SystemdCgroup = false
`;
}

function cni(): unknown {
  return {
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [
      {
        type: "bridge",
        bridge: network.pods.device,
        isDefaultGateway: true,
        hairpinMode: true,
        ipam: { type: "host-local", ranges: [[{ subnet: network.pods.subnet }]] },
      },
    ],
  };
}
