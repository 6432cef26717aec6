/** Which process a number means: an id is given to somebody else one day, the moment of its start is not. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** When the process began, in words that only compare; undefined where no such process lives. */
export function startOf(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined;
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** proc(5): field 22 is the start, in ticks since boot; the command, field 2, stands in brackets and may hold anything. */
function fromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Z: it has ended, and nobody has asked how.
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): string | undefined {
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return "unknown"; // it lives: better to refuse than to run twice
  }
}
