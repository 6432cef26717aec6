/**
 * `node scripts/chart/mutate.ts [--only TEXT]`: takes each property of security out of a copy of the chart, and says which of its tests
 * fails. A property that nobody misses is one that the next change may lose: exit code 1.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseOptions } from "../options.ts";
import { run } from "../run.ts";
import { neededTool } from "../tools/place.ts";
import { CHART } from "./helm.ts";
import { type Mutation, mutations } from "./mutations.ts";

const { values } = parseOptions({ options: { only: { type: "string", default: "" } } });
const helmUnittest = neededTool("helm-unittest");
const chosen = mutations.filter(({ file, line }) => `${file} ${line}`.includes(values.only));
const baseline = await failuresOf(CHART, [...new Set(mutations.flatMap(({ suites }) => suites))]);
if (baseline.length > 0) {
  console.error(`tests fail without any change: ${baseline[0]}`);
  process.exit(1);
}

const missed: Mutation[] = [];
const queue = [...chosen];
await Promise.all(Array.from({ length: availableParallelism() }, work));
console.log(`${chosen.length - missed.length} of ${chosen.length} properties are missed when they are gone`);
process.exitCode = missed.length === 0 ? 0 : 1;

async function work(): Promise<void> {
  for (let mutation = queue.shift(); mutation !== undefined; mutation = queue.shift()) {
    const failures = await withoutIt(mutation);
    if (failures.length === 0) missed.push(mutation);
    const verdict = failures.length === 0 ? "NOT MISSED" : `missed by: ${failures[0]}`;
    console.log(`${mutation.file.padEnd(34)} ${mutation.line.slice(0, 60).padEnd(60)} ${verdict}`);
  }
}

async function withoutIt({ file, line, instead, suites }: Mutation): Promise<readonly string[]> {
  const dir = mkdtempSync(join(tmpdir(), "countersign-chart-"));
  try {
    const copy = join(dir, "countersign");
    cpSync(CHART, copy, { recursive: true, filter: (source) => !source.startsWith(join(CHART, "golden")) });
    const path = join(copy, file);
    const lines = readFileSync(path, "utf8").split("\n");
    const place = lines.findIndex((one) => one.trim() === line);
    if (place < 0) throw new Error(`${file}: no line says ${line}`);
    lines.splice(place, 1, ...(instead === undefined ? [] : [indented(lines[place]!, instead)]));
    writeFileSync(path, lines.join("\n"));
    return await failuresOf(copy, suites);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function indented(like: string, text: string): string {
  return `${/^ */.exec(like)![0]}${text}`;
}

/** Titles of the tests that fail. */
async function failuresOf(chart: string, suites: readonly string[]): Promise<readonly string[]> {
  const files = suites.flatMap((suite) => ["-f", `tests/${suite}_test.yaml`]);
  const { code, output } = await run(helmUnittest, [...files, chart]);
  if (code === 0) return [];
  // A template that no longer is one proves nothing about the tests.
  const broken = /^\t?\t?Error: .*$|Execution Error/m.exec(output);
  if (broken !== null) throw new Error(`${chart}: ${output.slice(broken.index).split("\n", 3).join(" ").trim()}`);
  const titles = [...output.matchAll(/^\t- (.+)$/gm)].map(([, title = ""]) => title);
  return titles.length > 0 ? titles : [output.trim().split("\n")[0] ?? "helm-unittest said nothing"];
}
