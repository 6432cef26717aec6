/** What a node needs of the host, and what the host has to be again without it. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CGROUP } from "./place.ts";

const CGROUPS = "/sys/fs/cgroup";
const SYSCTLS = "/proc/sys";
/** To the scheduler the tree is one, beside each process of the host; in it are as many as a cluster has. */
const SHARES = 8 * 1_024;
/** These tell what happens, not what is set. */
const MOVING = /^(fs\/|kernel\/(random|pty|ns_last_pid|perf_|sched_domain)|net\/.*(state|flush|nf_conntrack_count))/;

/** Version 1 has a tree for each controller, and a kubelet makes no roots. */
export function makeCgroups(): void {
  for (const tree of trees()) {
    const own = join(CGROUPS, tree, CGROUP);
    mkdirSync(own, { recursive: true });
    // An empty set of cores takes no process.
    for (const file of ["cpuset.cpus", "cpuset.mems"])
      if (existsSync(join(own, file))) copyFileSync(join(CGROUPS, tree, file), join(own, file));
    const shares = join(own, "cpu.shares");
    if (existsSync(shares)) writeFileSync(shares, String(SHARES));
  }
}

/** Each after those in it; one that a process is still leaving stays. */
export function removeCgroups(): void {
  for (const tree of trees()) removeTree(join(CGROUPS, tree, CGROUP));
}

/** What a node could leave behind; others may mount and connect what they like meanwhile. */
export interface Picture {
  readonly sysctls: Readonly<Record<string, string>>;
  /** Those with this folder in them. */
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
}

export function picture(dir: string): Picture {
  return {
    sysctls: Object.fromEntries(sysctls(SYSCTLS, "")),
    mounts: readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .filter((line) => line.includes(dir)),
    cgroups: trees()
      .map((tree) => join(tree, CGROUP))
      .filter((path) => existsSync(join(CGROUPS, path))),
  };
}

/** A line for each thing that is not as it was. */
export function differences(before: Picture, after: Picture): string[] {
  const names = [...new Set([...Object.keys(before.sysctls), ...Object.keys(after.sysctls)])];
  const settings = names
    .filter((name) => before.sysctls[name] !== after.sysctls[name])
    .map((name) => `sysctl ${name}: was ${before.sysctls[name] ?? "not there"}, is ${after.sysctls[name] ?? "gone"}`);
  const lists = (["mounts", "cgroups"] as const).flatMap((kind) => [
    ...after[kind].filter((one) => !before[kind].includes(one)).map((one) => `${kind}: ${one} is new`),
    ...before[kind].filter((one) => !after[kind].includes(one)).map((one) => `${kind}: ${one} is gone`),
  ]);
  return [...settings, ...lists];
}

function trees(): string[] {
  return readdirSync(CGROUPS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function removeTree(dir: string): void {
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(dir, entry.name));
  try {
    rmdirSync(dir);
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EBUSY" || error.code === "ENOENT");
}

function sysctls(dir: string, below: string): [string, string][] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry): [string, string][] => {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (MOVING.test(entry.isDirectory() ? `${name}/` : name)) return [];
    if (entry.isDirectory()) return sysctls(join(dir, entry.name), name);
    try {
      return [[name, readFileSync(join(dir, entry.name), "utf8").trim()]];
    } catch {
      // Some can only be written.
      return [];
    }
  });
}
