/** buildah as every image of ours is made by it: without a daemon, without a registry. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface Build {
  readonly ref: string;
  readonly file: string;
  readonly context: string;
  readonly target?: string;
  readonly arguments?: Readonly<Record<string, string>>;
  /** Seconds since 1970, of everything in it. */
  readonly timestamp: number;
}

/** Where what is made stays between builds, outside the repository. */
export function cacheDir(...path: readonly string[]): string {
  const dir = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "countersign", "images", ...path);
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** Returns the image's id: the digest of its configuration, which names every layer by digest. */
export function build({ ref, file, context, target, arguments: given = {}, timestamp }: Build): string {
  const npmrc = join(homedir(), ".npmrc");
  const ca = process.env.NODE_EXTRA_CA_CERTS;
  const args = [
    ...["bud", "--isolation", "chroot", "--pull-never", "--identity-label=false", "--timestamp", String(timestamp)],
    // Its cache takes no notice of arguments: one process' image would be another's.
    "--layers=false",
    ...["--file", file, "--tag", ref],
    ...(target === undefined ? [] : ["--target", target]),
    ...(existsSync(npmrc) ? ["--secret", `id=npmrc,src=${npmrc}`] : []),
    ...(ca !== undefined && existsSync(ca) ? ["--secret", `id=ca,src=${ca}`] : []),
    ...Object.entries(given).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    context,
  ];
  const { status, stdout, stderr, error } = spawnSync("buildah", args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (error !== undefined) throw new Error("buildah is not installed: apt-get install buildah");
  if (status !== 0) throw new Error(`${ref} could not be built:\n${stdout}\n${stderr}`);
  return idOf(ref) ?? "";
}

/** Undefined where there is none of this name. */
export function idOf(ref: string): string | undefined {
  const { status, stdout } = spawnSync("buildah", ["inspect", "--type", "image", "--format", "{{.FromImageID}}", ref], {
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** Writes an archive that `docker load`, `podman load` and `ctr images import` read; returns its size. */
export function save(ref: string, path: string): number {
  // An archive that is there is not written over.
  rmSync(path, { force: true });
  execFileSync("buildah", ["push", "--quiet", ref, `docker-archive:${path}:${ref}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  return statSync(path).size;
}
