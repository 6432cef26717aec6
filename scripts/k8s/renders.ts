/**
 * Everything of ours that a cluster is given: the chart as it comes out for each environment (charts/countersign/golden/<environment>),
 * and what is below k8s/ as ArgoCD makes it: kustomizations are built, charts are rendered for each environment, other manifests are taken
 * as they are.
 */
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { parse } from "yaml";
import { root, run } from "../run.ts";
import { neededTool } from "../tools/place.ts";
import { type KubeObject, type Manifest, parseManifests, readManifests } from "./manifests.ts";

export interface Render {
  /** "chart/prod", or a folder of k8s/. */
  readonly name: string;
  readonly manifests: readonly Manifest[];
}

export interface Renders {
  readonly renders: readonly Render[];
  /** What cannot be built or read. */
  readonly problems: readonly string[];
}

/** Where everything goes that names no namespace: the release's. */
export const NAMESPACE = "countersign";

const GOLDEN = join(root, "charts", "countersign", "golden");
const GIT_OPS = join(root, "k8s");

/** @throws MissingTool */
export async function allRenders(): Promise<Renders> {
  const found = await gitOpsRenders(GIT_OPS);
  return { renders: [...chartRenders(GOLDEN), ...found.renders], problems: found.problems };
}

function chartRenders(folder: string): readonly Render[] {
  const environments = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  return environments.map((name) => ({ name: `chart/${name}`, manifests: readManifests(join(folder, name)) }));
}

/** @throws MissingTool */
async function gitOpsRenders(folder: string): Promise<Renders> {
  const files = globSync("**/*.yaml", { cwd: folder }).toSorted();
  const foldersOf = (name: string) =>
    files.filter((file) => file.split(sep).at(-1) === name).map((file) => dirname(file));
  const [kustomizations, charts] = [foldersOf("kustomization.yaml"), foldersOf("Chart.yaml")];
  const environments = existsSync(join(folder, "environments")) ? readdirSync(join(folder, "environments")) : [];
  const renders: Render[] = [];
  const problems: string[] = [];
  const add = async (name: string, text: () => string | Promise<string>) => {
    try {
      const manifests = parseManifests(await text()).filter(({ object }) => isManifest(object));
      if (manifests.length > 0) renders.push({ name, manifests });
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  for (const dir of kustomizations)
    if (isWhole(dir, folder, kustomizations)) await add(`k8s/${dir}`, () => kustomize(join(folder, dir)));
  for (const dir of charts)
    for (const environment of environments)
      await add(`k8s/${dir} ${environment}`, () => renderFor(environment, join(folder, dir)));
  const isPartOfOne = (file: string) => [...kustomizations, ...charts].some((dir) => file.startsWith(`${dir}${sep}`));
  for (const file of files.filter((one) => !isPartOfOne(one)))
    await add(`k8s/${file}`, () => readFileSync(join(folder, file), "utf8"));
  return { renders, problems };
}

/** What another kustomization takes up is nothing by itself. */
function isWhole(dir: string, folder: string, all: readonly string[]): boolean {
  const read = (one: string): Kustomization => parse(readFileSync(join(folder, one, "kustomization.yaml"), "utf8"));
  const takenUp = all.flatMap((one) => {
    const { resources = [], components = [] } = read(one);
    return [...resources, ...components].map((path) => join(one, path));
  });
  return read(dir).kind !== "Component" && !takenUp.includes(dir);
}

interface Kustomization {
  readonly kind: string;
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
}

function kustomize(folder: string): Promise<string> {
  return output(neededTool("kubectl"), "kustomize", folder);
}

/** With the values that ArgoCD gives for each cluster. */
function renderFor(environment: string, chart: string): Promise<string> {
  const values = `cluster=countersign-${environment},environment=${environment}`;
  return output(neededTool("helm"), "template", "operators", chart, "--set", values);
}

async function output(command: string, ...args: readonly string[]): Promise<string> {
  const outcome = await run(command, args);
  if (outcome.code !== 0) throw new Error(outcome.output.trim());
  return outcome.output;
}

/** Values of a chart are YAML, too, and so is a kustomization. */
function isManifest({ apiVersion, kind }: Partial<KubeObject>): boolean {
  return apiVersion !== undefined && kind !== undefined && !apiVersion.startsWith("kustomize.config.k8s.io/");
}
