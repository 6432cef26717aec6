import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../run.ts";

/** The templates that `npm run generate` names, and what is made by each. */
const GENERATED = [
  { template: "buf.gen.yaml", folder: join("packages", "contracts", "gen") },
  { template: join("packages", "quorum", "buf.gen.yaml"), folder: join("packages", "quorum", "gen") },
];

/** Makes the generated code again and compares it byte by byte with what is checked in; lints the contracts as well. */
export async function generatedProblems(root: string): Promise<string[]> {
  const lint = await run("buf", ["lint"], { cwd: root });
  if (lint.code !== 0) return [lint.output.trim()];
  const folder = mkdtempSync(join(tmpdir(), "countersign-generated-"));
  try {
    const found: string[] = [];
    for (const { template, folder: gen } of GENERATED) {
      const made = await run("buf", ["generate", "--template", template, "--output", folder], { cwd: root });
      if (made.code !== 0) return [made.output.trim()];
      found.push(...differences(join(folder, gen), join(root, gen)));
    }
    return found.map((difference) => `${difference}: run npm run generate`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Compares two folders file by file. */
export function differences(expected: string, actual: string): string[] {
  const expectedFiles = filesBelow(expected);
  const actualFiles = filesBelow(actual);
  return [...new Set([...expectedFiles, ...actualFiles])].toSorted().flatMap((file) => {
    if (!actualFiles.has(file)) return [`${file} is missing`];
    if (!expectedFiles.has(file)) return [`${file} is made from no contract`];
    return readFileSync(join(expected, file)).equals(readFileSync(join(actual, file))) ? [] : [`${file} differs`];
  });
}

function filesBelow(folder: string): Set<string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Set(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)),
  );
}
