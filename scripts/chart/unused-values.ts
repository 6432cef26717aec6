/** `node scripts/chart/unused-values.ts`: every value of values.yaml is read by a template; one that is not is a promise that nothing keeps. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { CHART } from "./helm.ts";

/** Read otherwise than by their whole name. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  global: "an umbrella chart's own",
  cluster: "copied whole into cluster.json",
  "admission.digests": "named by a rule of files/admission (`when`)",
  processes: "laid over `process`, whose values are read",
};

const templates = globSync("templates/**/*.{yaml,tpl}", { cwd: CHART })
  .map((file) => readFileSync(join(CHART, file), "utf8"))
  .join("\n");
const unused = leaves(parse(readFileSync(join(CHART, "values.yaml"), "utf8")), []).filter((path) => !isRead(path));
for (const path of unused) console.error(`values.yaml: ${path.join(".")}: no template reads it`);
process.exitCode = unused.length === 0 ? 0 : 1;

/** Paths of what is no map, or an empty one. */
function leaves(value: unknown, path: readonly string[]): readonly (readonly string[])[] {
  if (path.join(".") in EXCEPTIONS) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  const entries = Object.entries(value);
  return entries.length === 0 ? [path] : entries.flatMap(([key, one]) => leaves(one, [...path, key]));
}

/**
 * By its name behind a dot, where a map above it is read by its own: `.Values.mesh.enabled`, or `$settings.drainMs` of `process`. A map that
 * goes into the manifest as it is (`toYaml`), or is gone through (`range`), has all its values read.
 */
function isRead(path: readonly string[]): boolean {
  const names = path.map((name) => `\\.${name}\\b`);
  const whole = path.map((_, n) => new RegExp(`(toYaml|range|with|:=)[^}]*\\$?\\w*${names[n]}`));
  const isLeafRead = new RegExp(names.at(-1)!).test(templates);
  const isTopRead = path[0] === "process" || new RegExp(`(\\.Values|\\$values)${names[0]}`).test(templates);
  const passedOn = whole.slice(0, -1).some((pattern, n) => n > 0 && pattern.test(templates));
  return isTopRead && (isLeafRead || passedOn);
}
