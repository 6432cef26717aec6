/** What each process of a cluster spends of the machine, as the kernel counts it; nothing where there is no /proc. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export type CpuMs = ReadonlyMap<number, number>;

/** User and system time so far of this process' descendants, ms by pid. */
export function cpuOfDescendants(of = process.pid): CpuMs {
  const all = new Map<number, { parent: number; ms: number }>();
  for (const name of pids()) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      // After the command, which may hold spaces: state, ppid, …; utime and stime are fields 14 and 15 (proc(5)).
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const ticks = Number(fields[11]) + Number(fields[12]);
      all.set(Number(name), { parent: Number(fields[1]), ms: (ticks * 1_000) / TICKS });
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOurs = (pid: number): boolean => {
    const parent = all.get(pid)?.parent;
    return parent !== undefined && parent > 1 && (parent === of || isOurs(parent));
  };
  return new Map([...all].flatMap(([pid, { ms }]) => (isOurs(pid) ? [[pid, ms] as const] : [])));
}

/** By name, ms; several of one name together. `nameOf` a pid, undefined: nobody's. */
export function spentBetween(
  before: CpuMs,
  after: CpuMs,
  nameOf: (pid: number) => string,
): ReadonlyMap<string, number> {
  const spent = new Map<string, number>();
  for (const [pid, ms] of after) {
    const name = nameOf(pid);
    spent.set(name, (spent.get(name) ?? 0) + ms - (before.get(pid) ?? 0));
  }
  return spent;
}

/** The program's name: `java`, `postgres`, `redis-server`. */
export function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "ended";
  }
}

function pids(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

const TICKS = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
