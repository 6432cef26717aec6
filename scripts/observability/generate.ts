/**
 * `node scripts/observability/generate.ts [--check]`: writes alerts with their tests, dashboards, and the heads of the runbooks; with
 * --check, says which of them are not what the sources here and the canvases make.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run.ts";
import { dashboardOutputs } from "./dashboards.ts";
import { ruleOutputs } from "./rules.ts";
import { RUNBOOKS, runbookOutputs } from "./runbooks.ts";

const outputs: Readonly<Record<string, string | undefined>> = {
  ...ruleOutputs(),
  ...dashboardOutputs(),
  ...runbookOutputs(),
};
/** Folders in which nothing else may be, and whether what is left there may be removed: a page was written by somebody. */
const FOLDERS: Readonly<Record<string, boolean>> = {
  "charts/countersign/files/rules": true,
  "charts/countersign/files/dashboards": true,
  "ops/alerts/tests": true,
  [RUNBOOKS]: false,
  [`${RUNBOOKS}/agents`]: false,
  [`${RUNBOOKS}/procedures`]: false,
};

const isCheck = process.argv.includes("--check");
for (const [folder, isOurs] of Object.entries(FOLDERS)) {
  for (const { name } of readdirSync(join(root, folder), { withFileTypes: true }).filter((entry) => entry.isFile())) {
    const path = `${folder}/${name}`;
    if (path in outputs) continue;
    if (isOurs && !isCheck) rmSync(join(root, path));
    else complain(`${path}: nothing there is of that name any more`);
  }
}
for (const [path, text] of Object.entries(outputs)) {
  if (text === undefined) complain(`${path}: missing; it is written by hand, but for its head`);
  else if (textOf(path) === text) continue;
  else if (isCheck) complain(`${path} is stale`);
  else writeFileSync(join(root, path), text);
}
if (process.exitCode === 1) console.error("run `node scripts/observability/generate.ts` and review its diff");

function textOf(path: string): string | undefined {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined;
}

function complain(line: string): void {
  console.error(line);
  process.exitCode = 1;
}
