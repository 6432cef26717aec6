/** Manifests as objects: read from files, and the pods that workloads would make. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface Manifest {
  /** From the folder that was read; undefined of what was made. */
  readonly file?: string;
  readonly object: KubeObject;
}

/** Every object in the YAML files of a folder and those below it, in order. @throws Error naming the file that is no YAML */
export function readManifests(folder: string): readonly Manifest[] {
  const files = globSync("**/*.yaml", { cwd: folder }).toSorted();
  return files.flatMap((file) => parseManifests(readFileSync(join(folder, file), "utf8"), file));
}

/** @throws Error naming the file, if there is one */
export function parseManifests(text: string, file?: string): readonly Manifest[] {
  const from = file === undefined ? {} : { file };
  // 1.1: the one Kubernetes reads, where `yes` is true.
  return parseAllDocuments(text, { version: "1.1" }).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(file === undefined ? error.message : `${file}: ${error.message}`);
    const object: KubeObject | null = document.toJS();
    if (object === null) return [];
    if (object.kind === "List")
      return (object.items as readonly KubeObject[]).map((item) => ({ ...from, object: item }));
    return [{ ...from, object }];
  });
}

export function nameOf({ metadata }: KubeObject): string {
  return metadata.name ?? "";
}

/** Group and kind, as in "apps/Deployment". */
export function kindOf({ apiVersion, kind }: KubeObject): string {
  return apiVersion.includes("/") ? `${apiVersion.split("/")[0]}/${kind}` : kind;
}

/** For messages: "Deployment policy". */
export function describe(object: KubeObject): string {
  return `${object.kind} ${nameOf(object)}`;
}

/** The pod that a workload would make, since it is pods that a namespace refuses; undefined of what makes none. */
export function podOf(object: KubeObject): KubeObject | undefined {
  const template = templateOf(object);
  if (template === undefined) return undefined;
  const { metadata, spec } = template;
  const of = { labels: metadata?.labels ?? {}, annotations: metadata?.annotations ?? {} };
  const { namespace } = object.metadata;
  const name = `${object.kind.toLowerCase()}-${nameOf(object)}`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...of },
    spec: withVolumes(spec, object),
  };
}

/** A StatefulSet gives each pod a volume for each of its claims. */
function withVolumes(spec: PodSpec, { spec: of }: KubeObject): PodSpec {
  const { volumeClaimTemplates = [] } = of as { readonly volumeClaimTemplates?: readonly KubeObject[] };
  const claimed = volumeClaimTemplates.map((claim) => {
    return { name: nameOf(claim), persistentVolumeClaim: { claimName: nameOf(claim) } };
  });
  return { ...spec, volumes: [...(spec.volumes ?? []), ...claimed] };
}

interface PodSpec {
  readonly volumes?: readonly unknown[];
  readonly [field: string]: unknown;
}

interface PodTemplate {
  readonly metadata?: Pick<KubeObject["metadata"], "labels" | "annotations">;
  readonly spec: PodSpec;
}

function templateOf({ kind, spec }: KubeObject): PodTemplate | undefined {
  const inner = (spec ?? {}) as { template?: PodTemplate; jobTemplate?: { spec: { template: PodTemplate } } };
  if (kind === "CronJob") return inner.jobTemplate?.spec.template;
  return WORKLOADS.has(kind) ? inner.template : undefined;
}

const WORKLOADS = new Set(["DaemonSet", "Deployment", "Job", "ReplicaSet", "Rollout", "StatefulSet"]);
