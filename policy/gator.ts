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
