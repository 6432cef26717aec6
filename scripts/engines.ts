// The tests that need a server of its own kind: x.kafka.test.ts, x.redis.test.ts, x.etcd.test.ts; or Kubernetes' tools: x.k8s.test.ts. Where it
// cannot be had they are not run, by name.
import { globSync } from "node:fs";
import { matchesGlob, sep } from "node:path";
import { type Engine, whyMissing } from "@countersign/engines";
import { root } from "./run.ts";
import { whyToolsMissing } from "./tools/get.ts";
import { runVitest, type TestRun } from "./vitest.ts";

/** k8s: the programs of `npm run tools`. */
export type Needed = Engine | "k8s";

const engines: readonly Needed[] = ["etcd", "k8s", "kafka", "postgres", "redis"];

export interface EngineTestPlan {
  /** From the root, with slashes. */
  readonly files: readonly string[];
  /** A line for each file that cannot be run. */
  readonly notRun: readonly string[];
  /** The same, where an engine is missing that is demanded: failures. */
  readonly failures: readonly string[];
}

/**
 * Which of these files can be run. `demanded`: REQUIRE_ENGINES, names with commas between. `why`: the reason that an engine cannot be
 * had, undefined if it can; it may install and download.
 */
export async function planEngineTests(
  files: readonly string[],
  demanded: string,
  why: (engine: Needed, isDemanded: boolean) => Promise<Error | undefined> = whyMissingHere,
): Promise<EngineTestPlan> {
  const names = demanded.split(",").filter((name) => name !== "");
  const unknown = names.filter((name) => !engines.some((engine) => engine === name));
  const missing = new Map<string, string>();
  for (const engine of engines) {
    const reason = await why(engine, names.includes(engine));
    if (reason !== undefined) missing.set(engine, `no ${engine}: ${reason.message}`);
  }
  const left = files
    .map((file) => ({ file, lacks: enginesOf(file).filter((engine) => missing.has(engine)) }))
    .filter(({ lacks }) => lacks.length > 0);
  const isDemanded = ({ lacks }: { lacks: string[] }) => lacks.some((engine) => names.includes(engine));
  const line = ({ file, lacks }: { file: string; lacks: string[] }) =>
    `not run: ${file} (${lacks.map((engine) => missing.get(engine)).join("; ")})`;
  return {
    files: files.filter((file) => !left.some((one) => one.file === file)),
    notRun: left.filter((one) => !isDemanded(one)).map(line),
    failures: [
      ...left.filter(isDemanded).map(line),
      ...unknown.map((name) => `REQUIRE_ENGINES names ${name}: the engines are ${engines.join(", ")}`),
    ],
  };
}

/** Building Kubernetes' tools takes minutes: that is done where they are demanded, or by `npm run tools`. */
function whyMissingHere(engine: Needed, isDemanded: boolean): Promise<Error | undefined> {
  return engine === "k8s" ? whyToolsMissing({ install: isDemanded }) : whyMissing(engine);
}

export function engineTestFiles(): string[] {
  const pattern = "{agents,cli,packages,platform,scripts,test,venues}/**/*.{etcd,k8s,kafka,redis}.test.ts";
  const files = globSync(pattern, { cwd: root, exclude: (name) => name === "node_modules" });
  return files.map((file) => file.split(sep).join("/")).toSorted();
}

/** Those that start a whole platform with engines of its own. All others share theirs. */
export const OWN_ENGINES = [
  "test/*.{etcd,kafka,redis}.test.ts",
  "test/{bypass,crash,nemesis}/*.{etcd,kafka,redis}.test.ts",
  "scripts/cluster/*.{etcd,kafka,redis}.test.ts",
];

/** First the tests that share engines, which are started once for all of them; then those that bring their own. */
export async function runEngineTests(files: readonly string[]): Promise<readonly TestRun[]> {
  const { own = [], shared = [] } = Object.groupBy(files, (file) =>
    OWN_ENGINES.some((pattern) => matchesGlob(file, pattern)) ? "own" : "shared",
  );
  const env = { COUNTERSIGN_TEST_ENGINES: [...new Set(shared.flatMap(enginesOf))].join(",") };
  const runs: TestRun[] = [];
  if (shared.length > 0) runs.push(await runVitest("test/vitest.engines.config.ts", shared, { show: true, env }));
  if (own.length > 0) runs.push(await runVitest("test/vitest.platforms.config.ts", own, { show: true }));
  return runs;
}

/** x.kafka.redis.test.ts needs both. */
function enginesOf(file: string): string[] {
  const parts = file.split("/").at(-1)!.split(".").slice(1, -2);
  return parts.filter((part) => engines.some((engine) => engine === part));
}
