/**
 * `node scripts/chart/golden.ts [--check]`: the chart as it comes out for each environment, one file an object, in charts/countersign/golden;
 * with --check, says whether what is there is that. A change of a template is reviewed by what it changes there.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { CHART, environments, template, valuesOf } from "./helm.ts";

const GOLDEN = join(CHART, "golden");

const wanted = new Map<string, string>();
for (const environment of environments)
  for (const [name, text] of filesOf(await template(valuesOf(environment)))) wanted.set(join(environment, name), text);
const found = new Map(
  globSync("**/*.yaml", { cwd: GOLDEN }).map((file) => [file, readFileSync(join(GOLDEN, file), "utf8")]),
);
if (process.argv.includes("--check")) check();
else write();

function check(): void {
  const all = [...new Set([...wanted.keys(), ...found.keys()])].toSorted();
  const differing = all.filter((file) => wanted.get(file) !== found.get(file));
  for (const file of differing) console.error(`golden/${file}: ${whyDifferent(file)}`);
  if (differing.length > 0) console.error("run `node scripts/chart/golden.ts`, and review its diff");
  process.exitCode = differing.length === 0 ? 0 : 1;
}

function whyDifferent(file: string): string {
  if (!wanted.has(file)) return "nothing renders it any more";
  return found.has(file) ? "it comes out otherwise" : "it is new";
}

function write(): void {
  rmSync(GOLDEN, { recursive: true, force: true });
  for (const [file, text] of wanted) {
    const path = join(GOLDEN, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  console.log(`${wanted.size} objects in ${environments.length} environments`);
}

/** By name: `Deployment-policy.yaml`. A Job's name ends with a digest of its content, which would be another file with each change. */
function filesOf(rendered: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const part of rendered.split(/^---$/m)) {
    const text = `${part.replace(/^# Source: .*$/m, "").trim()}\n`;
    const object = parse(text) as { kind: string; metadata: { name: string } } | null;
    if (object === null) continue;
    const { kind, metadata } = object;
    const name = kind === "Job" ? metadata.name.replace(/-[0-9a-f]{8}$/, "") : metadata.name;
    const file = `${kind}-${name}.yaml`;
    if (files.has(file)) throw new Error(`${file}: two objects have this name`);
    files.set(file, text);
  }
  return files;
}
