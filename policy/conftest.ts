/**
 * Asks conftest about manifests: `node policy/conftest.ts [--digests] FILE…`. It says what each refused document must do, and which rule
 * says so.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseManifests } from "../scripts/k8s/manifests.ts";
import { run } from "../scripts/run.ts";
import { neededTool } from "../scripts/tools/place.ts";
import { regoFiles } from "./rego.ts";
import { parametersOf, readRules, readTopology } from "./rules.ts";

export interface Refusal {
  readonly file: string;
  /** `rule: what must be`. */
  readonly message: string;
}

/** @throws Error where there is no conftest, it cannot read what it is given, or there is nothing to read */
export async function conftest(
  files: readonly string[],
  { digests }: { readonly digests: boolean },
): Promise<readonly Refusal[]> {
  const program = neededTool("conftest");
  // Of nothing nothing is refused.
  const empty = files.filter((file) => parseManifests(readFileSync(file, "utf8"), file).length === 0);
  if (files.length === 0 || empty.length > 0)
    throw new Error(`conftest: no document in ${empty.join(", ") || "no file"}`);
  const dir = mkdtempSync(join(tmpdir(), "countersign-rego-"));
  try {
    const rules = readRules().filter(({ when }) => when === undefined || digests);
    for (const [name, text] of regoFiles(rules, parametersOf(readTopology()))) writeFileSync(join(dir, name), text);
    const data = join(dir, "parameters.json");
    const { output } = await run(program, ["test", "--output", "json", "--policy", dir, "--data", data, ...files]);
    return refusals(output);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Answer {
  readonly filename: string;
  readonly failures?: readonly { readonly msg: string }[];
}

function refusals(output: string): Refusal[] {
  let answers: readonly Answer[];
  try {
    answers = JSON.parse(output);
  } catch {
    throw new Error(`conftest: ${output.trim()}`);
  }
  return answers.flatMap(({ filename, failures = [] }) =>
    failures.map(({ msg }) => ({ file: filename, message: msg })),
  );
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const files = args.filter((arg) => !arg.startsWith("--"));
  const found = await conftest(files, { digests: args.includes("--digests") });
  for (const { file, message } of found) console.error(`${file}: ${message}`);
  if (found.length > 0) process.exitCode = 1;
  else console.log(`conftest: ${readRules().length} rules, nothing refused in ${files.length} files`);
}
