/** What an experienced reader would object to (kube-score): services and policies that select nobody, probes that are the same, and the like. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neededTool } from "../tools/place.ts";
import { kubernetesVersion } from "../tools/table.ts";
import type { KubeObject } from "./manifests.ts";
import { answer } from "./program.ts";
import { NAMESPACE, type Render } from "./renders.ts";
import type { Found } from "./steps.ts";

/** What it asks for and we do not do, and why. */
const otherwise = {
  "container-image-pull-policy": "images are named by version or digest: pulling them again brings nothing new",
  "deployment-replicas": "only Policy may have several; a second of any other would wait for the first",
  "deployment-strategy": "Execution is one writer an account: the old one ends before the new one begins",
  "deployment-has-host-podantiaffinity": "spread by topologySpreadConstraints, which it does not count",
} as const;
/** An engine for development has one question that can be asked of it. */
const ENGINE_PROBES = /\] (etcd|kafka|postgres|redis)\/.* same readiness and liveness probe$/;

/** Of the chart: what the operators' own kinds become, such as the pods of a Kafka, is not in the renders of k8s/. */
export async function score(all: readonly Render[]): Promise<Found> {
  const renders = all.filter(({ name }) => name.startsWith("chart/"));
  const problems: string[] = [];
  for (const { name, manifests } of renders) {
    const found = await objections(manifests.map(({ object }) => inNamespace(object)));
    problems.push(...found.map((line) => `${name}: ${line}`));
  }
  return { problems, says: `${renders.length} renders` };
}

/** It compares namespaces, and a release's objects need not repeat theirs. */
function inNamespace(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? NAMESPACE } };
}

async function objections(objects: readonly KubeObject[]): Promise<readonly string[]> {
  const dir = mkdtempSync(join(tmpdir(), "countersign-score-"));
  try {
    const file = join(dir, "render.yaml");
    writeFileSync(file, objects.map((object) => JSON.stringify(object)).join("\n---\n"));
    const ignored = Object.keys(otherwise).join(",");
    // A processor's time is shared by weight: a limit would only add waiting.
    const flags = ["--output-format", "ci", "--ignore-container-cpu-limit", "--ignore-test", ignored];
    const version = `v${kubernetesVersion.split(".").slice(0, 2).join(".")}`;
    const all = ["score", ...flags, "--kubernetes-version", version, file];
    const { stdout, stderr } = await answer(neededTool("kube-score"), all);
    if (stderr !== "") throw new Error(`kube-score: ${stderr.trim().split("\n")[0]}`);
    const lines = stdout.split("\n").filter((line) => line !== "");
    return lines.filter((line) => !/^\[(OK|SKIPPED)\]/.test(line) && !ENGINE_PROBES.test(line));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
