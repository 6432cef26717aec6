/** What a program loads: its own files, one by one, and the packages of others, whole. Read from the import statements, as Node resolves them. */
import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

export interface Graph {
  /** Paths from the root, sorted. */
  readonly files: readonly string[];
  /** Folders of the workspaces they lie in, by name. */
  readonly workspaces: ReadonlyMap<string, string>;
  /** Packages that are not ours, and the folders that import them. */
  readonly imports: readonly { readonly name: string; readonly from: string }[];
}

/** @param isFollowed of an `import()`: whether what it names is loaded in this program */
export function graphOf(
  root: string,
  entries: readonly string[],
  isFollowed: (file: string, specifier: string) => boolean = () => true,
): Graph {
  const workspaces = workspacesOf(root);
  const files = new Set<string>();
  const imports = new Map<string, Graph["imports"][number]>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const { specifier, isLater } of importsOf(readFileSync(join(root, file), "utf8"))) {
      if (isLater && !isFollowed(file, specifier)) continue;
      if (specifier.startsWith("node:")) continue;
      if (specifier.startsWith(".")) waiting.push(relative(root, resolve(root, dirname(file), specifier)));
      else {
        const name = packageOf(specifier);
        const folder = workspaces.get(name);
        const from = dirname(file);
        if (folder === undefined) imports.set(`${name} ${from}`, { name, from });
        else waiting.push(join(folder, exportOf(root, folder, specifier.slice(name.length))));
      }
    }
  }
  const used = [...workspaces].filter(([, folder]) => [...files].some((file) => file.startsWith(`${folder}/`)));
  return { files: [...files].sort(), workspaces: new Map(used), imports: [...imports.values()] };
}

/**
 * Import statements, `export … from`, `import()` and workers named by `new URL("./x.ts", import.meta.url)`. Types are erased before Node
 * sees them.
 */
export function importsOf(source: string): readonly { readonly specifier: string; readonly isLater: boolean }[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  const now = code.matchAll(/^(?:import|export)\s+(?!type\b)(?:[\w*\s{},$]+\sfrom\s+)?"([^"]+)"/gm);
  const later = code.matchAll(/\bimport\("([^"]+)"\)|\bnew URL\("((?:\.\/)?[\w-]+\.ts)", import\.meta\.url\)/g);
  return [
    ...[...now].map(([, specifier = ""]) => ({ specifier, isLater: false })),
    ...[...later].map(([, specifier, url = ""]) => ({
      specifier: specifier ?? (url.startsWith("./") ? url : `./${url}`),
      isLater: true,
    })),
  ];
}

/** Folders of the packages that are imported, and of what these need: `node_modules/pg`, where the lockfile puts it. */
export function packagesOf(root: string, { imports }: Graph): readonly string[] {
  const locked = readLock(root);
  const found = new Set<string>();
  const waiting = imports.map(({ name, from }) => installed(locked, from, name));
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (found.has(folder)) continue;
    found.add(folder);
    const { dependencies, optionalDependencies, peerDependencies } = locked[folder] ?? {};
    for (const name of Object.keys(dependencies ?? {})) waiting.push(installed(locked, folder, name));
    // Those that are not there are for another machine, or for a use that nobody here makes of it.
    for (const name of Object.keys({ ...optionalDependencies, ...peerDependencies })) {
      const at = lookFor(locked, folder, name);
      if (at !== undefined && isForLinux(locked[at])) waiting.push(at);
    }
  }
  return [...found].sort();
}

/** What the lockfile says of a package, or of a link to a workspace. */
export interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** By folder. */
export function readLock(root: string): Readonly<Record<string, Locked>> {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return (lock as { readonly packages: Readonly<Record<string, Locked>> }).packages;
}

function isForLinux({ os, cpu, dev }: Locked = {}): boolean {
  return (os?.includes("linux") ?? true) && (cpu?.includes(process.arch) ?? true) && dev !== true;
}

/** Of every workspace: its name and its folder. */
function workspacesOf(root: string): ReadonlyMap<string, string> {
  const links = Object.entries(readLock(root)).filter(([, { link }]) => link);
  return new Map(links.map(([at, { resolved = "" }]) => [at.slice("node_modules/".length), resolved]));
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function exportOf(root: string, folder: string, path: string): string {
  const { exports } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as {
    readonly exports?: Readonly<Record<string, string>>;
  };
  const file = exports?.[`.${path}`];
  if (file === undefined) throw new Error(`${folder}/package.json exports no .${path}`);
  return file;
}

function installed(locked: Readonly<Record<string, Locked>>, from: string, name: string): string {
  const at = lookFor(locked, from, name);
  if (at === undefined) throw new Error(`${name}, which ${from} imports, is in no package-lock.json`);
  return at;
}

/** As Node looks: beside the importer, then in each folder above it. */
function lookFor(locked: Readonly<Record<string, Locked>>, from: string, name: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, "node_modules", name);
    if (folder in locked) return folder;
    if (at === ".") return undefined;
  }
}
