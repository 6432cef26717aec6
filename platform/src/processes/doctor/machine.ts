/** The machine, whatever runs on it. */
import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { freemem } from "node:os";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { cacheDir } from "@countersign/engines";
import { cloneFile } from "../../inputs.ts";
import { bad, type Finding, ok } from "./finding.ts";

export interface MachineFacts {
  /** Where a cluster would keep its data. */
  readonly dir: string;
  /** What runs already needs no more room. */
  readonly isRunning: boolean;
}

export function* machine({ dir, isRunning }: MachineFacts): Generator<Promise<Finding> | Finding> {
  yield node();
  yield memory(isRunning);
  yield disk(dir);
  yield openFiles();
  yield cache(cacheDir());
  yield ports();
}

export function node(version = process.versions.node): Finding {
  const { optionalDependencies } = JSON.parse(readFileSync(cloneFile("package.json"), "utf8"));
  const [pinned] = Object.values(optionalDependencies);
  if (version === pinned) return ok("Node", `${version}, the pinned one`);
  return bad(
    "Node",
    "wrong",
    `${version} instead of ${pinned}`,
    "./countersign doctor (it installs and runs the pinned one)",
  );
}

const GIB = 2 ** 30;
/** Thirteen processes of some 210 MiB, three brokers of 260, a database, and who started them. */
const MEMORY_LEAST = 4 * GIB;
const MEMORY_LEAST_RUNNING = 0.25 * GIB;

function memory(isRunning: boolean): Finding {
  // MemAvailable where the kernel says it: what caches hold can be had.
  const available = process.availableMemory?.() ?? freemem();
  const least = isRunning ? MEMORY_LEAST_RUNNING : MEMORY_LEAST;
  const says = `${gib(available)} free${isRunning ? " beside what runs" : `, ${gib(least)} needed by a cluster`}`;
  return available >= least
    ? ok("memory", says)
    : bad("memory", "wrong", says, "end other programs, or take a larger machine");
}

const DISK_LEAST = 2 * GIB;

async function disk(dir: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(existing(dir));
  const free = bavail * bsize;
  const says = `${gib(free)} free where ${dir} is, ${gib(DISK_LEAST)} needed`;
  return free >= DISK_LEAST
    ? ok("disk", says)
    : bad("disk", "wrong", says, "free some space, or name another folder with --dir");
}

/** A broker opens a few files for each partition: some 900 for the catalogue's. */
const FILES_LEAST = 4_096;

async function openFiles(): Promise<Finding> {
  const limit = await promisify(execFile)("/bin/sh", ["-c", "ulimit -n"]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  const check = "open files";
  if (limit === undefined) return bad(check, "unknown", "the limit cannot be asked here", "ulimit -n");
  if (limit === "unlimited" || Number(limit) >= FILES_LEAST) return ok(check, `up to ${limit}`);
  return bad(check, "wrong", `up to ${limit}, ${FILES_LEAST} needed by a broker`, `ulimit -n ${FILES_LEAST}`);
}

function cache(dir: string): Finding {
  const at = existing(dir);
  try {
    accessSync(at, constants.W_OK | constants.X_OK);
    return ok("cache folder", dir);
  } catch {
    return bad("cache folder", "wrong", `${dir} cannot be written`, "export XDG_CACHE_HOME=FOLDER (one you may write)");
  }
}

async function ports(): Promise<Finding> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  try {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
    await promise;
    return ok("ports", "127.0.0.1 gives free ones");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return bad("ports", "wrong", `no port of 127.0.0.1 can be opened: ${why}`, "ip link set lo up");
  } finally {
    server.close();
  }
}

/** The folder itself, or the nearest above it that is there. */
function existing(dir: string): string {
  return existsSync(dir) || dir === dirname(dir) ? dir : existing(dirname(dir));
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
