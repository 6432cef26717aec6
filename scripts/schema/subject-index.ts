import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SchemaError } from "./errors.ts";

/**
 * Confluent's levels. Who must understand whom, and against which of the released versions.
 */
export const compatibilities = {
  BACKWARD: { newReadsOld: true, oldReadsNew: false, versions: "last" },
  BACKWARD_TRANSITIVE: { newReadsOld: true, oldReadsNew: false, versions: "all" },
  FORWARD: { newReadsOld: false, oldReadsNew: true, versions: "last" },
  FORWARD_TRANSITIVE: { newReadsOld: false, oldReadsNew: true, versions: "all" },
  FULL: { newReadsOld: true, oldReadsNew: true, versions: "last" },
  FULL_TRANSITIVE: { newReadsOld: true, oldReadsNew: true, versions: "all" },
} as const;
export type Compatibility = keyof typeof compatibilities;

/** What a new subject gets: journals and audit logs are read for ever, and replicas of two releases run side by side. */
export const DEFAULT_COMPATIBILITY: Compatibility = "FULL_TRANSITIVE";

export interface Subject {
  readonly compatibility: Compatibility;
  /** Version n is the subject's message as it stands in this release, at index n - 1. */
  readonly releases: readonly number[];
}

/** schema-registry/subjects.json */
export interface SubjectIndex {
  /** SHA-256 of each release's files; release n at index n - 1. */
  readonly releases: readonly string[];
  readonly subjects: ReadonlyMap<string, Subject>;
}

/** Version and release of those versions that a new schema has to be compatible with. */
export function versionsToKeep({ compatibility, releases }: Subject): { version: number; release: number }[] {
  const all = releases.map((release, at) => ({ version: at + 1, release }));
  return compatibilities[compatibility].versions === "all" ? all : all.slice(-1);
}

export function releaseFolder(registry: string, release: number): string {
  return join(registry, "releases", String(release));
}

/** @throws SchemaError BAD_INDEX, also for a release that is not what it was when it was released */
export function readIndex(registry: string): SubjectIndex {
  const file = join(registry, "subjects.json");
  if (!existsSync(file)) return { releases: [], subjects: new Map() };
  const { releases, subjects }: { releases: string[]; subjects: Record<string, Subject> } = JSON.parse(
    readFileSync(file, "utf8"),
  );
  for (const [at, sha256] of releases.entries()) {
    const folder = releaseFolder(registry, at + 1);
    if (!existsSync(folder) || digestOfFiles(folder) !== sha256)
      throw new SchemaError("BAD_INDEX", `${folder} is not what was released: restore it from the history`);
  }
  for (const [name, subject] of Object.entries(subjects)) {
    if (!(subject.compatibility in compatibilities))
      throw new SchemaError(
        "BAD_INDEX",
        `${file}: ${name}: ${subject.compatibility} is no compatibility: write one of ${Object.keys(compatibilities).join(", ")}`,
      );
    const isInOrder = subject.releases.every(
      (release, at) => release > (subject.releases[at - 1] ?? 0) && release <= releases.length,
    );
    if (!isInOrder)
      throw new SchemaError("BAD_INDEX", `${file}: ${name}: its releases must exist and grow: restore the row`);
  }
  return { releases, subjects: new Map(Object.entries(subjects)) };
}

/** One line a subject: that is how a release is reviewed. */
export function writeIndex(registry: string, { releases, subjects }: SubjectIndex): void {
  const rows = [...subjects]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { compatibility, releases }]) => {
      const row = `{ "compatibility": ${JSON.stringify(compatibility)}, "releases": [${releases.join(", ")}] }`;
      return `    ${JSON.stringify(name)}: ${row}`;
    });
  const digests = releases.map((sha256) => `    ${JSON.stringify(sha256)}`);
  const text = `{\n  "releases": [\n${digests.join(",\n")}\n  ],\n  "subjects": {\n${rows.join(",\n")}\n  }\n}\n`;
  writeFileSync(join(registry, "subjects.json"), text);
}

export function digestOfFiles(folder: string): string {
  const hash = createHash("sha256");
  for (const file of protoFiles(folder)) {
    const bytes = readFileSync(join(folder, file));
    hash.update(`${file} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

/** Paths below the folder, as imports write them. */
function protoFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".proto"))
    .toSorted();
}
