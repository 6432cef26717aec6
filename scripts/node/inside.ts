/** The first process in the node's namespaces: mounts and network of its own, then the components, each started again when it ends. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../run.ts";
import { type Component, components } from "./components.ts";
import { NODE, network, place } from "./place.ts";
import { program, searchPath } from "./programs.ts";
import { recycleVolumes } from "./volumes.ts";

const at = place();
process.env.PATH = searchPath();
ownMounts();
ownNetwork();
const { engine, runtime, api, rest } = components(at);
keep(runtime);
keep(engine);
await until(() => isOpen(2379));
keep(api);
// Whoever asks before its own roles are there is refused, and ends.
await until(() => succeeds(program("kubectl"), [`--kubeconfig=${at.inside}`, "get", "--raw", "/readyz"]));
// The host comes in by this.
createServer((from) => {
  const to = connect(6443, "127.0.0.1");
  from.pipe(to).pipe(from);
  from.on("error", () => to.destroy());
  to.on("error", () => from.destroy());
}).listen(at.door);
for (const component of rest) keep(component);
recycleVolumes(at);

/** Nothing mounted here is seen on the host, and a kubelet may not set what is the whole host's. */
function ownMounts(): void {
  const mount = (...args: readonly string[]) => execFileSync(program("mount"), args, { stdio: "inherit" });
  const over = (dir: string, name: string) => {
    mkdirSync(join(at.dir, name), { recursive: true });
    mount("--bind", join(at.dir, name), dir);
  };
  // A pod's mounts have to reach its containers.
  mount("--make-rshared", "/");
  mount("-t", "tmpfs", "tmpfs", "/run");
  over("/var/lib", "lib");
  over("/var/log", "logs");
  // As this network namespace sees the devices; the cgroups stay as they are.
  mkdirSync("/run/cgroup");
  mount("--rbind", "/sys/fs/cgroup", "/run/cgroup");
  mount("-t", "sysfs", "sysfs", "/sys");
  mount("--rbind", "/run/cgroup", "/sys/fs/cgroup");
  // What a kubelet wants to find there; the host keeps its own.
  const wanted = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
  };
  mount("--bind", "/proc/sys", "/proc/sys");
  mount("-o", "remount,bind,ro", "/proc/sys");
  mount("--bind", "/proc/sys/net", "/proc/sys/net");
  mount("-o", "remount,bind,rw", "/proc/sys/net");
  for (const [name, value] of Object.entries(wanted)) {
    const file = join("/run", name.replaceAll("/", "."));
    writeFileSync(file, `${value}\n`);
    mount("--bind", file, join("/proc/sys", name));
  }
}

function ownNetwork(): void {
  const ip = (...args: readonly string[]) => execFileSync(program("ip"), args, { stdio: "inherit" });
  ip("link", "set", "lo", "up");
  // Beforehand: two pods that begin at once would both make it.
  for (const { device, address, prefix } of [network.node, network.pods]) {
    ip("link", "add", device, "type", "bridge");
    ip("address", "add", `${address}/${prefix}`, "dev", device);
    ip("link", "set", device, "up");
  }
  ip("route", "add", "default", "dev", network.node.device);
  for (const name of ["ipv4/ip_forward", "bridge/bridge-nf-call-iptables"])
    writeFileSync(join("/proc/sys/net", name), "1\n");
}

function keep({ name, command, args }: Component): void {
  const log = openSync(join(at.logs, `${name}.log`), "a");
  const child = spawn(command, args, { stdio: ["ignore", log, log], env: { ...process.env, NODE_NAME: NODE } });
  const again = (why: string) => {
    console.log(`${new Date().toISOString()} ${name} ${why}; it is started again`);
    setTimeout(() => keep({ name, command, args }), 1_000);
  };
  child.once("error", ({ message }) => again(message));
  child.once("exit", (code, signal) => again(`ended with ${signal ?? code}`));
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(100);
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return (await run(command, args)).code === 0;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket.destroy() !== undefined));
    socket.once("error", () => resolve(false));
  });
}
