/** Asks Gatekeeper's own engine about objects, by the templates and constraints that the chart renders. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import type { KubeObject } from "../scripts/k8s/manifests.ts";
import { neededTool } from "../scripts/tools/place.ts";

interface Violation {
  readonly msg: string;
  readonly violatingObject: KubeObject;
}

/** The messages, each with the place of the object among those asked about. @throws Error where there is no gator, or it cannot read them */
export async function gator(
  rules: readonly KubeObject[],
  objects: readonly KubeObject[],
): Promise<readonly { readonly index: number; readonly message: string }[]> {
  const program = neededTool("gator");
  const dir = mkdtempSync(join(tmpdir(), "countersign-gator-"));
  try {
    const marked = objects.map((object, index) => marking(object, index));
    const file = join(dir, "all.yaml");
    writeFileSync(file, [...rules, ...marked].map((one) => stringify(one, { lineWidth: 0 })).join("---\n"));
    const stdout = await answerOf(program, ["test", "--filename", file, "--output", "json"]);
    const found: readonly Violation[] | null = JSON.parse(stdout);
    return (found ?? []).map(({ msg, violatingObject }) => ({ index: indexOf(violatingObject), message: msg }));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What somebody asks of the API server; of `oldObject` it becomes `object`. */
export interface Request {
  readonly user: string;
  readonly object: KubeObject;
  readonly oldObject?: KubeObject;
}

/** The rules that refuse each of these. @throws Error where there is no gator, or it cannot read them */
export async function gatorReviews(
  rules: readonly KubeObject[],
  requests: readonly Request[],
): Promise<readonly (readonly string[])[]> {
  const program = neededTool("gator");
  const dir = mkdtempSync(join(tmpdir(), "countersign-gator-"));
  const write = (name: string, content: object) => writeFileSync(join(dir, name), JSON.stringify(content));
  try {
    for (const one of rules) write(fileOf(one), one);
    for (const [index, request] of requests.entries()) write(`${index}.json`, reviewOf(request));
    const cases = requests.map((_, index) => {
      return { name: `${index}`, object: `${index}.json`, assertions: [{ violations: "no" }] };
    });
    const templates = new Map(rules.map((one) => [one.metadata.name, fileOf(one)]));
    const tests = rules
      .filter(({ kind }) => kind !== "ConstraintTemplate")
      .map((one) => ({
        name: one.kind,
        template: templates.get(one.kind.toLowerCase()),
        constraint: fileOf(one),
        cases,
      }));
    write("suite.yaml", { apiVersion: "test.gatekeeper.sh/v1alpha1", kind: "Suite", tests });
    const said = await answerOf(program, ["verify", join(dir, "suite.yaml"), "--verbose"]);
    const asked = [...said.matchAll(/^ {4}--- (?:PASS|FAIL): \d+\t/gm)].length;
    if (asked !== tests.length * cases.length) throw new Error(`gator: asked of ${asked} cases: ${said.slice(0, 400)}`);
    const refusals = [...said.matchAll(/^ {4}--- FAIL: (\d+)\t.*\n\s*(.*)$/gm)].map(([, index, why = ""]) => {
      return { index: Number(index), rule: ruleOf(why) };
    });
    return requests.map((_, at) => refusals.filter(({ index }) => index === at).map(({ rule }) => rule));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function fileOf({ kind, metadata }: KubeObject): string {
  return `${kind}-${metadata.name}.yaml`;
}

/** Of what gator says where it expected no violation. */
function ruleOf(why: string): string {
  const rule = /got messages \[([a-z-]+):/.exec(why)?.[1];
  if (rule === undefined) throw new Error(`gator: ${why}`);
  return rule;
}

function reviewOf({ user, object, oldObject }: Request): object {
  const { apiVersion, kind, metadata } = object;
  const [version = "", group = ""] = apiVersion.split("/").toReversed();
  const operation = oldObject === undefined ? "CREATE" : "UPDATE";
  const { name, namespace } = metadata;
  const asked = { uid: name, name, namespace, operation, object, userInfo: { username: user } };
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: { ...asked, kind: { group, version, kind }, ...(oldObject !== undefined && { oldObject }) },
  };
}

/** It ends with 1 where something is refused, and says so; with an error it says nothing there. */
async function answerOf(program: string, args: readonly string[]): Promise<string> {
  try {
    const running = promisify(execFile)(program, args, { maxBuffer: 64_000_000 });
    running.child.stdin?.end(); // it would wait for more there
    return (await running).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    if (stdout.trim() === "") throw new Error(`gator: ${stderr.trim().split("\n").at(-1)}`, { cause: error });
    return stdout;
  }
}

/** Objects of one name are told apart by their place. */
function marking(object: KubeObject, index: number): KubeObject {
  const annotations = { ...object.metadata.annotations, [PLACE]: String(index) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function indexOf({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.[PLACE]);
}

const PLACE = "countersign.dev/place";
