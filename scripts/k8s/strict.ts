/**
 * Manifests against closed schemas (kubeconform -strict), and the schemas against manifests: of each kind that we use, one is given a field
 * that nobody declared, at its root and in its spec, and has to be refused. A schema that lets it pass would let everything pass.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neededTool } from "../tools/place.ts";
import { SCHEMA_LOCATION, writeKind } from "../tools/schemas/build.ts";
import { closeCrd, OBJECT_META } from "../tools/schemas/close.ts";
import { constraintDefinitions } from "./constraints.ts";
import { describe, type KubeObject, kindOf } from "./manifests.ts";
import { answer } from "./program.ts";
import type { Render } from "./renders.ts";
import type { Found } from "./steps.ts";

export async function checkStrictly(renders: readonly Render[]): Promise<Found> {
  const nameOfRender = new Map(renders.flatMap(({ name, manifests }) => manifests.map(({ object }) => [object, name])));
  const all = [...nameOfRender.keys()];
  const found = await invalid(all, all);
  const problems = found.map(({ object, message }) => `${nameOfRender.get(object)}: ${describe(object)}: ${message}`);
  const spoilt = oneOfEachKind(all).flatMap(spoil);
  const refused = new Set((await invalid(spoilt, all)).map(({ object }) => object));
  for (const object of spoilt)
    if (!refused.has(object)) problems.push(`the schema of ${kindOf(object)} takes a field that nobody declared`);
  const says = `${all.length} objects; ${spoilt.length} spoilt on purpose, of ${oneOfEachKind(all).length} kinds`;
  return { problems, says };
}

function oneOfEachKind(objects: readonly KubeObject[]): readonly KubeObject[] {
  return [...new Map(objects.map((object) => [`${object.apiVersion}/${object.kind}`, object])).values()];
}

/** With a field that nobody declared: at the root, and in the spec where there is one. */
function spoil(object: KubeObject): readonly KubeObject[] {
  const { spec } = object;
  const isMap = typeof spec === "object" && spec !== null && !Array.isArray(spec);
  return [{ ...object, undeclared: 1 }, ...(isMap ? [{ ...object, spec: { ...spec, undeclared: 1 } }] : [])];
}

interface Invalid {
  readonly object: KubeObject;
  readonly message: string;
}

/** `all`: with the templates that define kinds of their own. */
async function invalid(objects: readonly KubeObject[], all: readonly KubeObject[]): Promise<readonly Invalid[]> {
  const temporary = mkdtempSync(join(tmpdir(), "countersign-strict-"));
  try {
    const [dir, defined] = [join(temporary, "objects"), join(temporary, "schemas")];
    mkdirSync(dir);
    for (const crd of constraintDefinitions(all)) for (const kind of closeCrd(crd, METADATA)) writeKind(kind, defined);
    const file = (n: number) => join(dir, `${n}.json`);
    for (const [n, object] of objects.entries()) writeFileSync(file(n), JSON.stringify(object));
    const locations = [neededTool("schemas"), defined].flatMap((of) => ["-schema-location", join(of, SCHEMA_LOCATION)]);
    const flags = ["-strict", "-output", "json", ...locations];
    const { stdout, stderr } = await answer(neededTool("kubeconform"), [...flags, dir]);
    if (stdout === "") throw new Error(`kubeconform: ${stderr.trim()}`);
    const { resources } = JSON.parse(stdout) as { readonly resources: readonly Resource[] };
    return resources.map(({ filename, msg }) => {
      const object = objects[Number(/(\d+)\.json$/.exec(filename)?.[1])];
      if (object === undefined) throw new Error(`kubeconform: ${filename}: ${msg}`);
      return { object, message: msg };
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** What a constraint says of itself is looked at by the kube-apiserver. */
const METADATA = { [OBJECT_META]: { type: "object" } };

/** Of kubeconform's report, which leaves out what is valid. */
interface Resource {
  readonly filename: string;
  readonly msg: string;
}
