/** Where a node keeps what it is, and the addresses it has inside its own network. */

import { join } from "node:path";
import { cacheDir } from "@countersign/engines";

export interface Place {
  /** Everything that is this node; gone when it is down. */
  readonly dir: string;
  /** The archives of its own images, which cost a build. */
  readonly images: string;
  readonly kubeconfig: string;
  /** Its kubeconfig for what runs in the node itself. */
  readonly inside: string;
  readonly pki: string;
  readonly logs: string;
  readonly volumes: string;
  /** containerd's socket. */
  readonly runtime: string;
  /** What reaches its API from outside: the socket is a file, and files have no network namespace. */
  readonly door: string;
  /** The host as it was before. */
  readonly before: string;
  readonly pid: string;
}

export function place(): Place {
  const cache = cacheDir();
  const dir = join(cache, "node");
  return {
    dir,
    images: join(cache, "node-images"),
    kubeconfig: join(dir, "kubeconfig"),
    inside: join(dir, "inside.kubeconfig"),
    pki: join(dir, "pki"),
    logs: join(dir, "logs"),
    volumes: join(dir, "volumes"),
    runtime: join(dir, "containerd.sock"),
    door: join(dir, "api.sock"),
    before: join(dir, "before.json"),
    pid: join(dir, "pid"),
  };
}

export const NODE = "node";
export const CGROUP = "countersign-node";
/** Of 127.0.0.1 on the host. */
export const API_PORT = 16_443;
export const network = {
  /** A bridge of its own: this kernel may know no dummy device. */
  node: { device: "br-node", address: "10.189.0.1", prefix: 24 },
  pods: { device: "cni0", address: "10.244.0.1", subnet: "10.244.0.0/24", all: "10.244.0.0/16", prefix: 24 },
  services: { all: "10.96.0.0/16", api: "10.96.0.1", dns: "10.96.0.10" },
} as const;
export const images = { pause: "localhost/pause:1", dns: "localhost/coredns:1.14.7" } as const;
/** As many local volumes are there, each for one claim at a time. */
export const VOLUMES = 16;
