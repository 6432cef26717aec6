import { cpSync } from "node:fs";
import { type CheckInput, checkSchemas } from "./check.ts";
import { SchemaError } from "./errors.ts";
import { DEFAULT_COMPATIBILITY, digestOfFiles, readIndex, releaseFolder, writeIndex } from "./subject-index.ts";

export interface Released {
  readonly release: number;
  /** Subject → its new version. */
  readonly versions: ReadonlyMap<string, number>;
}

/**
 * Freezes the present contracts as the next release, and gives every subject that is new or has changed its next version in it. Answers
 * undefined when there is nothing to release. @throws SchemaError NOT_RELEASABLE, BAD_INDEX, NOT_COMPILED
 */
export async function releaseSchemas(input: CheckInput): Promise<Released | undefined> {
  const { problems, unreleased } = await checkSchemas(input);
  if (problems.length > 0)
    throw new SchemaError(
      "NOT_RELEASABLE",
      `nothing is released: ${problems.length} problems: see \`npm run schema check\``,
    );
  if (unreleased.length === 0) return undefined;
  const index = readIndex(input.registry);
  const release = index.releases.length + 1;
  const folder = releaseFolder(input.registry, release);
  cpSync(input.proto, folder, { recursive: true });
  const subjects = new Map(index.subjects);
  for (const name of unreleased) {
    const { compatibility, releases } = subjects.get(name) ?? { compatibility: DEFAULT_COMPATIBILITY, releases: [] };
    subjects.set(name, { compatibility, releases: [...releases, release] });
  }
  writeIndex(input.registry, { releases: [...index.releases, digestOfFiles(folder)], subjects });
  return { release, versions: new Map(unreleased.map((name) => [name, subjects.get(name)!.releases.length])) };
}
