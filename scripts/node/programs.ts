/** The programs a node is made of, and where each is: a tool of this repository at its pinned version, or one of the system. */
import { delimiter, dirname } from "node:path";
import { programIn, toolPath } from "../tools/place.ts";
import { isToolName } from "../tools/table.ts";

const tools = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kubectl",
  "etcd",
  "containerd",
  "containerd-shim-runc-v2",
  "ctr",
  "coredns",
  "kube-router",
] as const;

/** Each with the package of Debian that has it. */
const others = {
  runc: "runc",
  catatonit: "catatonit",
  buildah: "buildah",
  openssl: "openssl",
  iptables: "iptables",
  ipset: "ipset",
  conntrack: "conntrack",
  ip: "iproute2",
  unshare: "util-linux",
  setpriv: "util-linux",
  mount: "mount",
  bridge: "containernetworking-plugins",
} as const;

export type Program = (typeof tools)[number] | keyof typeof others;

/** Where the plugins of container networks are. */
export const PLUGINS = "/usr/lib/cni";

/** A line for each that is missing, with what to do. */
export function missingPrograms(): string[] {
  const lacking = [...tools, ...(Object.keys(others) as (keyof typeof others)[])].filter(
    (name) => find(name) === undefined,
  );
  return lacking.map(missing);
}

/** @throws Error where it is missing */
export function program(name: Program): string {
  const path = find(name);
  if (path === undefined) throw new Error(missing(name));
  return path;
}

/** For components that call others by name: a runtime its shim, a proxy iptables. */
export function searchPath(): string {
  return [...tools.map((name) => dirname(program(name))), ...folders()].join(delimiter);
}

function missing(name: Program): string {
  const how = isOther(name) ? `apt-get install ${others[name]}` : `npm run tools -- ${name}`;
  return `${name} is missing: ${how}`;
}

function find(name: Program): string | undefined {
  if (name === "bridge") return programIn([PLUGINS], name);
  if (isToolName(name)) return toolPath(name);
  return programIn(folders(), name);
}

function isOther(name: Program): name is keyof typeof others {
  return Object.hasOwn(others, name);
}

function folders(): string[] {
  return [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
}
