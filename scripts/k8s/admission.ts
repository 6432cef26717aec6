/** The chart's rules as it renders them for one of the two that enforce them in a cluster. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root, run } from "../run.ts";
import { neededTool } from "../tools/place.ts";
import { type KubeObject, parseManifests } from "./manifests.ts";

export interface AdmissionOptions {
  readonly namespace: string;
  /** Whether images have to be named by digest, too. */
  readonly digests: boolean;
}

const templates = { validatingAdmissionPolicy: "admission-policies", gatekeeper: "gatekeeper" } as const;

/** @throws Error where Helm does not render them */
export async function admissionRules(
  engine: keyof typeof templates,
  { namespace, digests }: AdmissionOptions,
): Promise<readonly KubeObject[]> {
  const chart = join(root, "charts", "countersign");
  // With chaos, whose account is an exception: some render has it.
  const chaos = ["chaos.enabled=true", `chaos.confirm=${namespace}`, "networkPolicy.enabled=false"];
  // With the operators that production knows: fixtures say what is theirs.
  const { admission } = parse(readFileSync(join(root, "k8s/environments/prod/values.yaml"), "utf8"));
  const operators = `admission.operators=${JSON.stringify(admission.operators)}`;
  const rules = [`admission.${engine}.enabled=true`, `admission.digests=${digests}`, "engines.enabled=true"];
  const { code, output } = await run(neededTool("helm"), [
    ...["template", "countersign", chart, "--namespace", namespace, "--values", join(chart, "ci", "cluster.yaml")],
    ...["--show-only", `templates/policy/${templates[engine]}.yaml`, "--set", [...rules, ...chaos].join(",")],
    ...["--set-json", operators],
  ]);
  if (code !== 0) throw new Error(`helm template: ${output.trim()}`);
  const found = parseManifests(output).map(({ object }) => object);
  if (found.length === 0) throw new Error(`the chart renders no rule for ${engine}`);
  return found;
}
