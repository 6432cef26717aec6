/** The images of an environment: k8s/environments/<name>/image.yaml, digests and the commit that they were built from. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { PROCESSES } from "../images/names.ts";
import { root } from "../run.ts";

export interface Images {
  /** Of the sources. */
  readonly commit: string;
  /** By image: a process' name, or `countersign`. */
  readonly digests: Readonly<Record<string, string>>;
}

/** The image of the commands, under the chart's `tools`. */
const COMMANDS = "countersign";
export const ENVIRONMENTS = ["dev", "staging", "prod"] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** Those that run in a cluster; development engines do not. */
export const DEPLOYED: readonly string[] = [...PROCESSES, COMMANDS];

export function imagePath(environment: Environment): string {
  return `k8s/environments/${environment}/image.yaml`;
}

export function isEnvironment(name: string | undefined): name is Environment {
  return ENVIRONMENTS.some((one) => one === name);
}

/** Undefined before the first deployment. @throws Error where the file is something else than we write */
export function readImages(environment: Environment): Images | undefined {
  const path = imagePath(environment);
  return parseImages(readFileSync(join(root, path), "utf8"), path);
}

export function writeImages(environment: Environment, images: Images): void {
  writeFileSync(join(root, imagePath(environment)), formatImages(images));
}

export function parseImages(text: string, path: string): Images | undefined {
  const { processes, tools } = parse(text) as ImageValues;
  if (Object.keys(processes ?? {}).length === 0) return undefined;
  const commit = /^# commit ([0-9a-f]{40})$/m.exec(text)?.[1];
  if (commit === undefined) throw new Error(`${path}: does not say which commit its images are of`);
  const digests: Record<string, string> = {};
  for (const [name, { image }] of Object.entries(processes ?? {})) digests[name] = image.digest;
  if (tools !== undefined) digests[COMMANDS] = tools.image.digest;
  checkImages({ commit, digests }, path);
  return { commit, digests };
}

export function formatImages({ commit, digests }: Images): string {
  checkImages({ commit, digests }, "images");
  const processes = Object.fromEntries(PROCESSES.map((name) => [name, { image: { digest: digests[name] } }]));
  const values = { processes, tools: { image: { digest: digests[COMMANDS] } } };
  return `${HEADER}# commit ${commit}\n${stringify(values)}`;
}

/** @throws Error which of them is missing or no digest: a part of a release is none */
function checkImages({ commit, digests }: Images, where: string): void {
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new Error(`${where}: ${commit} is no commit`);
  for (const name of DEPLOYED) if (!DIGEST.test(digests[name] ?? "")) throw new Error(`${where}: no digest of ${name}`);
  const others = Object.keys(digests).filter((name) => !DEPLOYED.includes(name));
  if (others.length > 0) throw new Error(`${where}: no such image: ${others.join(", ")}`);
}

interface ImageValues {
  readonly processes?: Readonly<Record<string, { readonly image: { readonly digest: string } }>>;
  readonly tools?: { readonly image: { readonly digest: string } };
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const HEADER = "# Written by the pipeline (scripts/ci/digests.ts): nobody edits it.\n";
