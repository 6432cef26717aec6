/**
 * The set of schemas, made once per version from what the projects publish:
 *
 *   strict/<group>/<kind>_<version>.json   what kubeconform reads; Kubernetes' first group is called v1
 *   crds/<name of the CRD>.json            what a real kube-apiserver is given
 */
import { execFile } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { install, said } from "../../../packages/engines/src/install.ts";
import { moduleFolder } from "../go.ts";
import { closeCrd, closeDefinitions, type Definitions, type KindSchema, kindsOf, type Schema } from "./close.ts";
import { type CrdSource, crdSources, strimziKinds } from "./sources.ts";

/** kubeconform's -schema-location, below the folder of the set. */
export const SCHEMA_LOCATION = "strict/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json";

export interface SchemaTools {
  readonly kubernetes: string;
  /** A Java that Strimzi's generator runs on. */
  readonly java: string;
}

/** @throws Error with one line */
export async function buildSchemas({ kubernetes, java }: SchemaTools, folder: string): Promise<void> {
  const source = await moduleFolder("k8s.io/kubernetes", `v${kubernetes}`);
  const openapi = readFileSync(join(source, "api", "openapi-spec", "swagger.json"), "utf8");
  const { definitions }: { readonly definitions: Definitions } = JSON.parse(openapi);
  const closed = closeDefinitions(definitions);
  for (const kind of kindsOf(definitions, closed)) writeKind(kind, folder);
  for (const crd of await allCrds(java)) {
    writeJson(join(folder, "crds", `${(crd.metadata as Schema).name}.json`), crd);
    for (const kind of closeCrd(crd, closed)) writeKind(kind, folder);
  }
}

async function allCrds(java: string): Promise<readonly Schema[]> {
  const crds: Schema[] = [];
  for (const source of crdSources) crds.push(...(await publishedCrds(source)));
  return [...crds, ...(await strimziCrds(java))];
}

async function publishedCrds({ name, module, version, files }: CrdSource): Promise<readonly Schema[]> {
  const folder = await moduleFolder(module, version);
  return files.flatMap((file) => {
    const crds = readCrds(join(folder, file));
    if (crds.length === 0) throw new Error(`${name} ${version} has no CustomResourceDefinition in ${file}`);
    return crds;
  });
}

async function strimziCrds(java: string): Promise<readonly Schema[]> {
  if ((await said("mvn", ["-version"])) === undefined) await install("Maven", ["maven"]);
  const dir = mkdtempSync(join(tmpdir(), "countersign-strimzi-"));
  const pom = join(import.meta.dirname, "pom.xml");
  const libs = join(dir, "libs");
  try {
    await execute("mvn", ["-B", "-q", "-f", pom, "dependency:copy-dependencies", `-DoutputDirectory=${libs}`]);
    const wanted = Object.entries(strimziKinds).map(([kind, type]) => `${type}=${join(dir, `${kind}.yaml`)}`);
    await execute(java, ["-cp", join(libs, "*"), "io.strimzi.crdgenerator.CrdGenerator", "--yaml", ...wanted]);
    return globSync(join(dir, "*.yaml")).toSorted().flatMap(readCrds);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function readCrds(path: string): readonly Schema[] {
  const documents = parseAllDocuments(readFileSync(path, "utf8"));
  const objects: readonly (Schema | null)[] = documents.map((document) => document.toJS());
  return objects.flatMap((object) => (object?.kind === "CustomResourceDefinition" ? [object] : []));
}

async function execute(command: string, args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(command, args);
  } catch (cause) {
    const { stdout = "", stderr = "" } = cause as { stdout?: string; stderr?: string };
    const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== "");
    const reason = lines.find((line) => line.includes("ERROR")) ?? lines[0] ?? String(cause);
    throw new Error(`${command}: ${reason.trim()}`, { cause });
  }
}

/** Where kubeconform looks for it. */
export function writeKind({ group, version, kind, schema }: KindSchema, folder: string): void {
  writeJson(join(folder, "strict", group || version, `${kind.toLowerCase()}_${version}.json`), schema);
}

function writeJson(path: string, value: Schema): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(value));
}
