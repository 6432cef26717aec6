/**
 * `npm run check:k8s`: everything that can be said of chart, manifests, rules, alerts and workflows without a cluster, and what a real
 * kube-apiserver says to them. Programs that are missing are got first (`npm run tools`). A check whose program cannot be had is not run, by
 * name; with REQUIRE_ENGINES=…,k8s that is a failure.
 */
import { globSync } from "node:fs";
import { join } from "node:path";
import { CHART, environments, valuesOf } from "./chart/helm.ts";
import { dryRun } from "./k8s/dry-run.ts";
import { lint } from "./k8s/linter.ts";
import { analyzeMesh } from "./k8s/mesh.ts";
import { allRenders, type Renders } from "./k8s/renders.ts";
import { checkByConftest, checkByGatekeeper } from "./k8s/rules.ts";
import { score } from "./k8s/score.ts";
import { type Found, runSteps, type Step } from "./k8s/steps.ts";
import { checkStrictly } from "./k8s/strict.ts";
import { root, run } from "./run.ts";
import { allTools, getTools } from "./tools/get.ts";
import { neededTool, toolPath } from "./tools/place.ts";
import { kubernetesVersion, type ToolName } from "./tools/table.ts";

const RULES = "charts/countersign/files/rules";
const isDemanded = (process.env.REQUIRE_ENGINES ?? "").split(",").includes("k8s");
const missing = allTools({ node: false }).filter((name) => toolPath(name) === undefined);
if (missing.length > 0) await getTools(missing, console.log);

let rendering: Promise<Renders> | undefined;
const steps: readonly Step[] = [
  ours("topology", [], "scripts/authority.ts", "--check"),
  ours("what follows from it in k8s/", [], "scripts/gitops/generate.ts", "--check"),
  ours("alerts, dashboards, runbooks", [], "scripts/observability/generate.ts", "--check"),
  ours("values.schema.json", [], "scripts/chart/schema.ts", "--check"),
  ours("values that nothing reads", [], "scripts/chart/unused-values.ts"),
  { name: "helm lint", tools: ["helm"], check: lintChart },
  program("helm-unittest", ["--strict", "--color=false", "-f", "tests/**/*_test.yaml", "charts/countersign"]),
  ours("golden renders", ["helm"], "scripts/chart/golden.ts", "--check"),
  ofRenders("kubeconform", ["kubeconform", "schemas"], checkStrictly),
  ofRenders("kube-linter", ["kube-linter"], lint),
  ofRenders("kube-score", ["kube-score"], score),
  ofRenders("conftest", ["conftest"], checkByConftest),
  ofRenders("gator", ["gator"], checkByGatekeeper),
  ofRenders("istioctl analyze", ["istioctl"], analyzeMesh),
  program("promtool", ["check", "rules", ...files(`${RULES}/*.yaml`)], "promtool check rules"),
  program("promtool", ["test", "rules", ...files("ops/alerts/tests/*.yaml")], "promtool test rules"),
  program("pint", [
    "--offline",
    "--no-color",
    "--config",
    "ops/alerts/pint.hcl",
    "lint",
    "--fail-on",
    "warning",
    RULES,
  ]),
  { ...program("actionlint", ["-no-color"]), tools: ["actionlint", "shellcheck"] },
  program("zizmor", ["--offline", "--no-progress", "--color=never", ".github"]),
  {
    name: "kube-apiserver",
    tools: ["kube-apiserver", "etcd", "schemas", "helm", "kubectl"],
    check: async () => dryRun(await renders()),
  },
];
process.exitCode = await runSteps(steps, { isDemanded, print: console.log });

/** Built once for all. */
function renders(): Promise<Renders> {
  rendering ??= allRenders();
  return rendering;
}

function ofRenders(name: string, tools: readonly ToolName[], check: (of: Renders["renders"]) => Promise<Found>): Step {
  const whole = async () => {
    const { renders: all, problems } = await renders();
    const found = await check(all);
    return { ...found, problems: [...problems, ...found.problems] };
  };
  return { name, tools: [...tools, "helm", "kubectl"], check: whole };
}

/** A script of this repository. */
function ours(name: string, tools: readonly ToolName[], script: string, ...args: readonly string[]): Step {
  return { name, tools, check: () => succeed("node", [script, ...args]) };
}

function program(tool: ToolName, args: readonly string[], name: string = tool): Step {
  return { name, tools: [tool], check: () => succeed(neededTool(tool), args) };
}

async function succeed(command: string, args: readonly string[]): Promise<Found> {
  const { code, output } = await run(command, args);
  // Of a suite, what failed is enough.
  const lines = output.split("\n").filter((line) => !/^ PASS\s/.test(line));
  return { problems: code === 0 ? [] : [lines.join("\n").trim() || `${command} ended with ${code}`] };
}

async function lintChart(): Promise<Found> {
  const problems: string[] = [];
  for (const environment of environments) {
    const values = valuesOf(environment).flatMap((file) => ["--values", file]);
    const flags = ["--strict", "--quiet", "--namespace", "countersign", "--kube-version", kubernetesVersion];
    const { problems: found } = await succeed(neededTool("helm"), ["lint", CHART, ...flags, ...values]);
    problems.push(...found.map((problem) => `${environment}: ${problem}`));
  }
  return { problems, says: environments.join(", ") };
}

function files(pattern: string): readonly string[] {
  const found = globSync(pattern, { cwd: root }).toSorted();
  // A program that is given no file has nothing to find.
  return found.length > 0 ? found : [join(root, pattern)];
}
