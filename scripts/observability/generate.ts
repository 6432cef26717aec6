/**
 * `node scripts/observability/generate.ts [--check]`: writes alerts with their tests, dashboards, and the heads of the runbooks; with
 * --check, says which of them are not what the sources here and the canvases make.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../run.ts";
import { dashboardOutputs } from "./dashboards.ts";
import { ruleOutputs } from "./rules.ts";

const outputs: Readonly<Record<string, string>> = { ...ruleOutputs(), ...dashboardOutputs() };
/** Folders in which nothing else may be. */
const FOLDERS = ["charts/countersign/files/rules", "charts/countersign/files/dashboards", "ops/alerts/tests"];

const isCheck = process.argv.includes("--check");
const stray = FOLDERS.flatMap((folder) => readdirSync(join(root, folder)).map((file) => `${folder}/${file}`)).filter(
  (path) => outputs[path] === undefined,
);
const stale = Object.entries(outputs).filter(([path, text]) => textOf(path) !== text);
for (const path of stray) {
  if (isCheck) complain(`${path}: nothing makes it any more`);
  else rmSync(join(root, path));
}
for (const [path, text] of stale) {
  if (isCheck) complain(`${path} is stale`);
  else {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
if (process.exitCode === 1) console.error("run `node scripts/observability/generate.ts` and review its diff");

function textOf(path: string): string | undefined {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined;
}

function complain(line: string): void {
  console.error(line);
  process.exitCode = 1;
}
