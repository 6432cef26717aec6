/**
 * `node scripts/gitops/generate.ts [--check]`: what in k8s/ follows from the chart's topology: logins and schemas of PostgreSQL, Vault's
 * policies and roles. `--check` changes nothing and ends with 1 when a file is not what it would be.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "../run.ts";
import { postgresFiles } from "./postgres.ts";
import { readProcesses } from "./processes.ts";
import { vaultFiles } from "./vault.ts";

const GENERATED = ["k8s/data/base/gen", "k8s/secrets/vault/gen"];

const wanted = new Map([...postgresFiles(readProcesses()), ...vaultFiles(readProcesses())]);
const found = GENERATED.flatMap((dir) => filesIn(join(root, dir)));
const surplus = found.filter((path) => !wanted.has(path));
const stale = [...wanted].filter(([path, text]) => !found.includes(path) || read(path) !== text).map(([path]) => path);

if (process.argv.includes("--check")) {
  for (const path of [...stale, ...surplus])
    console.log(`${path}: not what the topology says: node scripts/gitops/generate.ts`);
  process.exitCode = stale.length + surplus.length === 0 ? 0 : 1;
} else {
  for (const path of surplus) rmSync(join(root, path));
  for (const path of stale) write(path, wanted.get(path) ?? "");
  console.log(`${wanted.size} files, ${stale.length} written, ${surplus.length} removed`);
}

function filesIn(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir).map((name) => relative(root, join(dir, name)).replaceAll("\\", "/")) : [];
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
