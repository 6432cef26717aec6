/** Containers as a cluster restricts them: nobody's user, a read-only root, no capability, no new privilege, a limit of memory. */
import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const USER = 65532;

export interface Restricted {
  readonly image: string;
  readonly args: readonly string[];
  readonly entrypoint?: string;
  /** Folder here, by its path in the container. */
  readonly mounts?: Readonly<Record<string, string>>;
  readonly readOnly?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly memoryMb?: number;
  /** `host` is this process' own network, which here has nothing but its loopback. */
  readonly network?: "none" | "host";
}

const GLOBAL = ["--cgroup-manager=cgroupfs", "--events-backend=file", "--runtime=runc"];
const LIMITS = ["--ulimit=nofile=16384:16384", "--ulimit=nproc=4096:4096", "--pids-limit=512"];
const STRICT = [
  "--read-only",
  "--read-only-tmpfs=false",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges",
  "--tmpfs=/tmp:rw,size=64m,mode=1777",
];

/** Runs it to its end. */
export function run(container: Restricted): { readonly code: number | null; readonly output: string } {
  const { status, stdout, stderr, error } = spawnSync("podman", [...GLOBAL, "run", "--rm", ...options(container)], {
    encoding: "utf8",
  });
  if (error !== undefined) throw new Error("podman is not installed: apt-get install podman");
  return { code: status, output: stdout + stderr };
}

export class Container {
  readonly id: string;
  readonly name: string;

  constructor(name: string, container: Restricted) {
    this.name = name;
    // As a kubelet does.
    this.id = podman("run", "--detach", "--restart=on-failure:5", ...options(container));
  }

  get restarts(): number {
    return Number(podman("inspect", "--format", "{{.RestartCount}}", this.id));
  }

  /** Of its first process, without what the kernel caches for it. */
  get memoryMb(): number {
    const pid = podman("inspect", "--format", "{{.State.Pid}}", this.id);
    const rss = /VmRSS:\s+(\d+) kB/.exec(execFileSync("cat", [`/proc/${pid}/status`], { encoding: "utf8" }))?.[1];
    return Math.round(Number(rss) / 1024);
  }

  get log(): string {
    const { stdout, stderr } = spawnSync("podman", [...GLOBAL, "logs", this.id], { encoding: "utf8" });
    return stdout + stderr;
  }

  /** SIGTERM, and how it ended. */
  stop(graceSeconds = 20): { readonly code: number; readonly ms: number } {
    const began = performance.now();
    podman("stop", "--time", String(graceSeconds), this.id);
    const ms = performance.now() - began;
    return { code: Number(podman("inspect", "--format", "{{.State.ExitCode}}", this.id)), ms };
  }

  remove(): void {
    podman("rm", "--force", "--time", "0", this.id);
  }
}

function podman(...args: readonly string[]): string {
  return execFileSync("podman", [...GLOBAL, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

/** An empty folder that the container's user may write. */
export function ownFolder(name: string): string {
  const dir = join(mkdtempSync(join(tmpdir(), "countersign-try-")), name);
  mkdirSync(dir, { mode: 0o700 });
  chownSync(dir, USER, USER);
  return dir;
}

function options({
  image,
  args,
  entrypoint,
  mounts,
  readOnly,
  env,
  memoryMb = 256,
  network = "none",
}: Restricted): string[] {
  return [
    ...LIMITS,
    ...STRICT,
    `--network=${network}`,
    `--memory=${memoryMb}m`,
    ...Object.entries(mounts ?? {}).map(([path, dir]) => `--volume=${dir}:${path}`),
    ...Object.entries(readOnly ?? {}).map(([path, dir]) => `--volume=${dir}:${path}:ro`),
    ...Object.entries(env ?? {}).map(([name, value]) => `--env=${name}=${value}`),
    ...(entrypoint === undefined ? [] : [`--entrypoint=${entrypoint}`]),
    image,
    ...args,
  ];
}
