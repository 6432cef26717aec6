/** Istio's own analysis of the renders that have its kinds; and of one with a policy that cannot be, which it has to notice. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neededTool } from "../tools/place.ts";
import type { KubeObject } from "./manifests.ts";
import { answer } from "./program.ts";
import { NAMESPACE, type Render } from "./renders.ts";
import type { Found } from "./steps.ts";

export async function analyzeMesh(renders: readonly Render[]): Promise<Found> {
  const inMesh = renders.filter(({ manifests }) => manifests.some(({ object }) => isOfMesh(object)));
  if (inMesh.length === 0) return { problems: ["no render has a kind of Istio's"] };
  const problems: string[] = [];
  for (const { name, manifests } of inMesh)
    for (const message of await analyze(manifests.map(({ object }) => object))) problems.push(`${name}: ${message}`);
  const first = inMesh[0]!.manifests.map(({ object }) => object);
  const found = await analyze([...first, unmatchable]);
  if (!found.some((message) => message.includes("unmatchable"))) problems.push("a path that cannot be is not noticed");
  return { problems, says: inMesh.map(({ name }) => name).join(", ") };
}

function isOfMesh({ apiVersion }: KubeObject): boolean {
  return apiVersion.split("/")[0]!.endsWith(".istio.io");
}

/** Of a kind that we have: a path that Envoy could not match. */
const unmatchable: KubeObject = {
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: "unmatchable", namespace: NAMESPACE },
  spec: { rules: [{ to: [{ operation: { paths: ["/{**}/halt/{*}"] } }] }] },
};

/** One line for each warning and error. */
async function analyze(objects: readonly KubeObject[]): Promise<readonly string[]> {
  const dir = mkdtempSync(join(tmpdir(), "countersign-mesh-"));
  try {
    const file = join(dir, "render.yaml");
    writeFileSync(file, objects.map((object) => JSON.stringify(object)).join("\n---\n"));
    const flags = ["--use-kube=false", "--namespace", NAMESPACE, "--output", "json"];
    const { stdout } = await answer(neededTool("istioctl"), ["analyze", ...flags, file]);
    const messages: readonly Message[] = JSON.parse(stdout);
    return messages
      .filter(({ level }) => level !== "Info")
      .map(({ code, origin, message }) => `${code} ${origin ?? ""}: ${message}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Message {
  readonly code: string;
  readonly level: "Error" | "Info" | "Warning";
  readonly origin?: string;
  readonly message: string;
}
