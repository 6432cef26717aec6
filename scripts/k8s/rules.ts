/**
 * The rules of the chart's files/admission in Rego, by conftest and by Gatekeeper: they take everything that we render, what is below k8s/
 * included. That they refuse what they have to is for test/kubernetes/rules.k8s.test.ts; here it is enough that some fixture of each is.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conftest } from "../../policy/conftest.ts";
import { gator } from "../../policy/gator.ts";
import { admissionRules } from "./admission.ts";
import { mustFail } from "./fixtures.ts";
import { describe, type KubeObject } from "./manifests.ts";
import { NAMESPACE, type Render } from "./renders.ts";
import type { Found } from "./steps.ts";

/** `rule: what must be`, with the place of the object that is refused. */
type Judge = (
  objects: readonly KubeObject[],
) => Promise<readonly { readonly index: number; readonly message: string }[]>;

export function checkByConftest(renders: readonly Render[]): Promise<Found> {
  return judgeAll(byConftest, renders);
}

export async function checkByGatekeeper(renders: readonly Render[]): Promise<Found> {
  const rules = await admissionRules("gatekeeper", { namespace: NAMESPACE, digests: false });
  return judgeAll((objects) => gator(rules, objects), renders);
}

async function judgeAll(judge: Judge, renders: readonly Render[]): Promise<Found> {
  const all = renders.flatMap(({ name, manifests }) => manifests.map(({ object }) => ({ name, object })));
  // Gatekeeper would hold the others to the rules of a render, too.
  const asked = all.filter(({ object }) => !object.apiVersion.includes("gatekeeper.sh/"));
  const refusals = await judge(asked.map(({ object }) => inNamespace(object)));
  const problems = refusals.map(({ index, message }) => {
    const { name, object } = asked[index]!;
    return `${name}: ${describe(object)}: ${message}`;
  });
  const fixtures = mustFail();
  const refused = await judge(fixtures.map(({ object }) => inNamespace(object)));
  if (refused.length === 0) problems.push("no must-fail fixture is refused: these rules refuse nothing");
  return {
    problems,
    says: `${asked.length} objects; ${new Set(refused.map(({ index }) => index)).size} fixtures refused`,
  };
}

/** Gatekeeper's rules hold in a namespace, and a release's objects need not repeat theirs. */
function inNamespace(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? NAMESPACE } };
}

const byConftest: Judge = async (objects) => {
  const dir = mkdtempSync(join(tmpdir(), "countersign-rules-"));
  try {
    const files = objects.map((_, index) => join(dir, `${index}.json`));
    for (const [index, object] of objects.entries()) writeFileSync(files[index]!, JSON.stringify(object));
    const refusals = await conftest(files, { digests: false });
    return refusals.map(({ file, message }) => ({ index: files.indexOf(file), message }));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};
