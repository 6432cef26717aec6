/**
 * Bases from Debian's packages: each is unpacked whole, without manuals and other languages, and leaves its description, by which scanners
 * know it. Needs Debian's apt-get and dpkg-deb; installs nothing.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../run.ts";
import { build, cacheDir, idOf } from "./buildah.ts";

/** `run` for one process, `shell` for people, `build` with npm, `engines` with Java, Redis and etcd. */
export type BaseKind = "run" | "shell" | "build" | "engines";

export interface Base {
  readonly ref: string;
  readonly id: string;
  readonly packages: readonly Package[];
}

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

const lists = JSON.parse(readFileSync(join(root, "images/base/packages.json"), "utf8")) as Record<string, string[]>;
const USER = 65532;

const known = new Map<BaseKind, Base>();

/** What is there already is not made again unless afresh, once a run: the name says which packages are in it. */
export function baseImage(kind: BaseKind, fresh = false): Base {
  const base = known.get(kind) ?? ensure(kind, fresh);
  known.set(kind, base);
  return base;
}

function ensure(kind: BaseKind, fresh: boolean): Base {
  const names = [
    ...(lists.run ?? []),
    ...(kind === "run" ? [] : (lists.shell ?? [])),
    ...(kind === "engines" ? (lists.engines ?? []) : []),
  ];
  const debs = fetched(names);
  const hash = createHash("sha256")
    .update(readFileSync(import.meta.filename))
    .update(kind);
  for (const { sha256 } of debs) hash.update(sha256);
  if (kind === "build") hash.update(readFileSync(join(npmFolder(), "package.json")));
  const ref = `localhost/countersign-base-${kind}:${hash.digest("hex").slice(0, 12)}`;
  const made = fresh ? undefined : idOf(ref);
  const id = made ?? make(kind, ref, debs);
  return { ref, id, packages: debs.map(({ name, version, sha256 }) => ({ name, version, sha256 })) };
}

interface Deb extends Package {
  readonly path: string;
}

/** What apt would install, fetched once. */
function fetched(names: readonly string[]): readonly Deb[] {
  const dir = cacheDir("debs");
  const said = execFileSync("apt-get", ["download", "--print-uris", ...names], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return said
    .trim()
    .split("\n")
    .map((line) => {
      const [, file = "", expected] = /' (\S+\.deb) \d+ SHA256:([0-9a-f]{64})/.exec(line) ?? [];
      const [name = "", version = ""] = file.split("_");
      const path = join(dir, file);
      if (!existsSync(path))
        execFileSync("apt-get", ["download", "-qq", name], { cwd: dir, stdio: ["ignore", "ignore", "pipe"] });
      const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
      if (sha256 !== expected) throw new Error(`${path} is not what apt expects: apt-get update, and remove it`);
      return { name, version: decodeURIComponent(version), sha256, path };
    });
}

const UNUSED = [
  "./usr/share/man",
  "./usr/share/info",
  "./usr/share/locale",
  "./usr/share/lintian",
  "./usr/share/bug",
  "./usr/lib/*/gconv",
];
const UNUSED_ZONES = ["./usr/share/zoneinfo/posix", "./usr/share/zoneinfo/right"];

function make(kind: BaseKind, ref: string, debs: readonly Deb[]): string {
  const work = mkdtempSync(join(tmpdir(), "countersign-base-"));
  const at = (...path: readonly string[]) => join(work, "root", ...path);
  try {
    // /bin is /usr/bin and so on, as in every Debian since 12.
    for (const name of ["bin", "sbin", "lib"]) mkdirSync(at("usr", name), { recursive: true });
    for (const name of ["bin", "sbin", "lib"]) symlinkSync(`usr/${name}`, at(name));
    mkdirSync(at("usr/lib64"));
    symlinkSync("usr/lib64", at("lib64"));
    mkdirSync(at("var/lib/dpkg/status.d"), { recursive: true });
    for (const { name, path } of debs) {
      unpack(path, at());
      writeFileSync(at("var/lib/dpkg/status.d", name), execFileSync("dpkg-deb", ["--field", path]));
    }
    if (kind === "engines") linkJava(at);
    writeSystem(at);
    if (kind !== "run") linkBusybox(at);
    if (kind === "build") addNpm(at);
    archive(work);
    return build({
      ref,
      file: join(root, "images/base/Dockerfile"),
      context: join(work, "context"),
      timestamp: 0,
    });
  } finally {
    rmSync(work, { recursive: true });
  }
}

function unpack(deb: string, to: string): void {
  const tar = execFileSync("dpkg-deb", ["--fsys-tarfile", deb], { maxBuffer: 1 << 30 });
  const excluded = [...UNUSED, ...UNUSED_ZONES].map((path) => `--exclude=${path}`);
  execFileSync("tar", ["-x", "-C", to, "--keep-directory-symlink", "--no-same-owner", ...excluded], { input: tar });
  for (const doc of readdirSync(join(to, "usr/share/doc"), { withFileTypes: true })) {
    if (!doc.isDirectory()) continue;
    for (const file of readdirSync(join(doc.parentPath, doc.name)))
      if (file !== "copyright") rmSync(join(doc.parentPath, doc.name, file), { recursive: true });
  }
}

/** What Debian's install scripts would write. */
function writeSystem(at: (...path: readonly string[]) => string): void {
  const authorities = readdirSync(at("usr/share/ca-certificates/mozilla")).sort();
  const bundle = authorities
    .map((file) => readFileSync(at("usr/share/ca-certificates/mozilla", file), "utf8"))
    .join("");
  mkdirSync(at("etc/ssl/certs"), { recursive: true });
  writeFileSync(at("etc/ssl/certs/ca-certificates.crt"), bundle);
  const home = "/var/lib/countersign";
  writeFileSync(
    at("etc/passwd"),
    `root:x:0:0:root:/root:/sbin/nologin\ncountersign:x:${USER}:${USER}::${home}:/sbin/nologin\n`,
  );
  writeFileSync(at("etc/group"), `root:x:0:\ncountersign:x:${USER}:\n`);
  writeFileSync(at("etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
  writeFileSync(at("etc/hostname"), "");
  for (const dir of ["tmp", "etc/countersign", "etc/engine", "var/lib/countersign", "var/lib/engine", "usr/local/bin"])
    mkdirSync(at(dir), { recursive: true });
}

function linkBusybox(at: (...path: readonly string[]) => string): void {
  const commands = execFileSync(at("usr/bin/busybox"), ["--list"], { encoding: "utf8" }).trim().split("\n");
  for (const name of commands) if (!existsSync(at("usr/bin", name))) symlinkSync("busybox", at("usr/bin", name));
}

/** The package's alternatives. */
function linkJava(at: (...path: readonly string[]) => string): void {
  const [home] = readdirSync(at("usr/lib/jvm")).filter((name) => name.startsWith("java-"));
  if (home === undefined) throw new Error("broken invariant: the package of Java has its home in /usr/lib/jvm");
  symlinkSync(`../lib/jvm/${home}/bin/java`, at("usr/bin/java"));
}

/** As a Node image has it; of a build only what it makes is kept. */
function addNpm(at: (...path: readonly string[]) => string): void {
  const modules = at("usr/local/lib/node_modules");
  mkdirSync(modules, { recursive: true });
  execFileSync("cp", ["-rL", npmFolder(), join(modules, "npm")]);
  execFileSync("cp", ["-L", join(root, "node_modules/.bin/node"), at("usr/local/bin/node")]);
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", at("usr/local/bin/npm"));
}

function npmFolder(): string {
  const shim = execFileSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).trim();
  return dirname(dirname(execFileSync("readlink", ["-f", shim], { encoding: "utf8" }).trim()));
}

/** In one order, owned by root but for what a process may write. */
function archive(work: string): void {
  const common = [
    "--sort=name",
    "--mtime=@0",
    "--numeric-owner",
    "--format=gnu",
    "-C",
    join(work, "root"),
    "-f",
    join(work, "context", "rootfs.tar"),
  ];
  const own = ["var/lib/countersign", "var/lib/engine"];
  mkdirSync(join(work, "context"));
  const excluded = [...own, "tmp"].map((path) => `--exclude=./${path}`);
  execFileSync("tar", ["-c", "--owner=0", "--group=0", ...common, ...excluded, "."]);
  execFileSync("tar", [
    "-r",
    `--owner=${USER}`,
    `--group=${USER}`,
    "--mode=0750",
    ...common,
    ...own.map((path) => `./${path}`),
  ]);
  execFileSync("tar", ["-r", "--owner=0", "--group=0", "--mode=1777", ...common, "./tmp"]);
}
