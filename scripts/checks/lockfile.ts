// A platform's package that was missing when the lockfile was made is left out of it without a word, and `npm ci` then
// fails on that platform only. And a lockfile that records where packages came from ties everybody to that place.
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface LockedPackage {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export type LockedPackages = Readonly<Record<string, LockedPackage>>;

export function lockfileProblems(root: string): string[] {
  const { packages }: { packages: LockedPackages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return lockedPackagesProblems(packages);
}

export function lockedPackagesProblems(packages: LockedPackages): string[] {
  const problems: string[] = [];
  for (const [path, { resolved, optionalDependencies = {} }] of Object.entries(packages)) {
    if (resolved?.includes("://")) problems.push(`${path} records where it came from: ${resolved}`);
    for (const name of Object.keys(optionalDependencies)) {
      if (!isLocked(packages, path, name)) problems.push(`${path || "the root"}: ${name} has no entry of its own`);
    }
  }
  return problems;
}

/** Looks where Node would: in the package's own node_modules, then in those of each folder above. */
function isLocked(packages: LockedPackages, path: string, name: string): boolean {
  const folders = path === "" ? [] : path.split("/");
  for (let depth = folders.length; depth >= 0; depth--) {
    if ([...folders.slice(0, depth), "node_modules", name].join("/") in packages) return true;
  }
  return false;
}
