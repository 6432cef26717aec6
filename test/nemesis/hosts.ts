/**
 * Hosts on one machine: each a network namespace with an address of its own, on a bridge in another one; the machine's own network stays
 * as it is. What one host sends another can be lost, each way by itself: its neighbour table then knows a hardware address that nobody has.
 * That needs root, and iproute2 and util-linux of Linux; elsewhere hosts are processes with loopback addresses, and nobody is parted.
 */
import { execFileSync } from "node:child_process";

export interface Hosts extends Disposable {
  /** Whether anything can be lost between them. */
  readonly canCut: boolean;
  addressOf(host: string): string;
  /** The command as it has to be called to run on that host: it keeps its process id. */
  on(host: string, command: string, args: readonly string[]): readonly [string, readonly string[]];
  /** What `from` sends `to` is lost, from now on. */
  cut(from: string, to: string): void;
  /** Everything arrives again. */
  heal(): void;
}

export function openHosts(names: readonly string[]): Hosts {
  const prefix = `cs${process.pid}`;
  const [bridge, spaceOf] = [`${prefix}-switch`, (host: string) => `${prefix}-${host}`];
  const addressOf = (host: string) => `10.77.0.${names.indexOf(host) + 1}`;
  const made: string[] = [];
  const space = (name: string) => {
    ip("netns", "add", name);
    made.push(name);
    ip("-n", name, "link", "set", "lo", "up");
  };
  const cuts = new Map<string, readonly [string, string]>();
  const close = () => {
    for (const name of made.splice(0)) ip("netns", "del", name);
  };
  try {
    space(bridge);
    ip("-n", bridge, "link", "add", "br0", "type", "bridge");
    ip("-n", bridge, "link", "set", "br0", "up");
    for (const [n, host] of names.entries()) {
      const own = spaceOf(host);
      space(own);
      ip("link", "add", "eth0", "netns", own, "type", "veth", "peer", "name", `port${n}`, "netns", bridge);
      ip("-n", bridge, "link", "set", `port${n}`, "master", "br0", "up");
      ip("-n", own, "addr", "add", `${addressOf(host)}/24`, "dev", "eth0");
      ip("-n", own, "link", "set", "eth0", "up");
    }
  } catch {
    close();
    return processes(names);
  }
  return {
    canCut: true,
    addressOf,
    on: (host, command, args) => ["nsenter", [`--net=/var/run/netns/${spaceOf(host)}`, "--", command, ...args]],
    cut(from, to) {
      const entry = [addressOf(to), "lladdr", NOBODY, "dev", "eth0", "nud", "permanent"];
      ip("-n", spaceOf(from), "neigh", "replace", ...entry);
      cuts.set(`${from} ${to}`, [from, to]);
    },
    heal() {
      for (const [from, to] of cuts.values()) ip("-n", spaceOf(from), "neigh", "del", addressOf(to), "dev", "eth0");
      cuts.clear();
    },
    [Symbol.dispose]: close,
  };
}

function processes(names: readonly string[]): Hosts {
  return {
    canCut: false,
    addressOf: (host) => `127.77.0.${names.indexOf(host) + 1}`,
    on: (_, command, args) => [command, args],
    cut() {
      throw new Error("broken invariant: processes of one machine are not parted");
    },
    heal() {},
    [Symbol.dispose]() {},
  };
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

const NOBODY = "02:00:00:00:00:01";
