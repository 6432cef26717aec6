/** kube-linter's own checks, on everything that is deployed. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neededTool } from "../tools/place.ts";
import { answer } from "./program.ts";
import type { Render } from "./renders.ts";
import type { Found } from "./steps.ts";

/** What it asks for and we do not do, and why. */
const otherwise = {
  "job-ttl-seconds-after-finished": "a Job that is gone would be made again by the next sync, and run again",
} as const;

interface Said {
  readonly Reports: readonly Report[] | null;
}

interface Report {
  readonly Check: string;
  readonly Diagnostic: { readonly Message: string };
  readonly Object: {
    readonly K8sObject: { readonly Name: string; readonly GroupVersionKind: { readonly Kind: string } };
  };
}

export async function lint(renders: readonly Render[]): Promise<Found> {
  const found = await Promise.all(
    renders.map(async ({ name, manifests }) =>
      (await reports(manifests.map(({ object }) => object))).map((line) => `${name}: ${line}`),
    ),
  );
  return { problems: found.flat(), says: `${renders.length} renders` };
}

async function reports(objects: readonly object[]): Promise<readonly string[]> {
  const dir = mkdtempSync(join(tmpdir(), "countersign-linter-"));
  try {
    const file = join(dir, "render.yaml");
    writeFileSync(file, objects.map((object) => JSON.stringify(object)).join("\n---\n"));
    const { stdout, stderr } = await answer(neededTool("kube-linter"), [
      ...["lint", "--format", "json", "--exclude", Object.keys(otherwise).join(",")],
      file,
    ]);
    if (!stdout.startsWith("{")) throw new Error(`kube-linter: ${stderr.trim().split("\n")[0]}`);
    const { Reports }: Said = JSON.parse(stdout);
    return (Reports ?? []).map(
      ({ Check, Diagnostic, Object: { K8sObject: object } }) =>
        `${object.GroupVersionKind.Kind}/${object.Name}: ${Diagnostic.Message} (${Check})`,
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
