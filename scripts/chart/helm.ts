/** Helm at this repository's chart, as it comes out for an environment. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../run.ts";
import { neededTool } from "../tools/place.ts";
import { kubernetesVersion } from "../tools/table.ts";

export const CHART = join(root, "charts", "countersign");
const ENVIRONMENTS = join(root, "k8s", "environments");

/** The chart's own: one node with the development engines, and whatever no environment asks for yet. */
const SCENARIOS: readonly string[] = ["laptop", "everything"];
export const environments = [...SCENARIOS, "dev", "staging", "prod"];

/** A cluster that nobody runs, and what the environment says. */
export function valuesOf(environment: string): readonly string[] {
  const files = ["values.yaml", "image.yaml"].map((file) => join(ENVIRONMENTS, environment, file));
  const own = SCENARIOS.includes(environment)
    ? [join(CHART, "ci", `${environment}.yaml`)]
    : files.filter((file) => existsSync(file));
  return [join(CHART, "ci", "cluster.yaml"), ...own];
}

/** The manifests. @throws Error with what helm says */
export async function template(values: readonly string[], chart: string = CHART): Promise<string> {
  const flags = values.flatMap((file) => ["--values", file]);
  const where = ["--namespace", "countersign", "--kube-version", kubernetesVersion, "--skip-schema-validation=false"];
  const { code, output } = await run(neededTool("helm"), ["template", "countersign", chart, ...where, ...flags]);
  if (code !== 0) throw new Error(output.trim());
  return output;
}
