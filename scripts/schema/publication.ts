import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Compiled } from "./compile.ts";
import { type Compatibility, DEFAULT_COMPATIBILITY, type SubjectIndex } from "./subject-index.ts";
import { messageOf } from "./subjects.ts";

/** One version of one subject, as it is to be registered. */
export interface Publication {
  readonly subject: string;
  readonly compatibility: Compatibility;
  readonly schema: string;
  /** Paths that the schema imports. Each is a subject of its own, published before. */
  readonly imports: readonly string[];
}

/**
 * Everything released, in the order in which a registry can take it. A Protobuf schema is a file: a message's subject gets the file that
 * declares it, and each imported file is a subject under the name that the import writes, as Confluent's own clients do it.
 */
export function publications(index: SubjectIndex, releases: ReadonlyMap<number, Compiled>): Publication[] {
  const planned: Publication[] = [];
  const lastText = new Map<string, string>();
  for (const [number, { folder, types }] of [...releases].toSorted(([a], [b]) => a - b)) {
    const files = [...types.files].map(({ proto }) => proto);
    const importsOf = (path: string) => files.find(({ name }) => name === path)?.dependency.filter(isOurs) ?? [];
    const isOurs = (path: string) => !path.startsWith("google/protobuf/");
    const plan = (subject: string, path: string, compatibility: Compatibility) => {
      const schema = readFileSync(join(folder, path), "utf8");
      planned.push({ subject, compatibility, schema, imports: importsOf(path) });
    };
    const planFile = (path: string): void => {
      for (const imported of importsOf(path)) planFile(imported);
      const text = readFileSync(join(folder, path), "utf8");
      if (lastText.get(path) === text) return;
      lastText.set(path, text);
      plan(path, path, DEFAULT_COMPATIBILITY);
    };
    for (const path of new Set(files.flatMap(({ name }) => importsOf(name)))) planFile(path);
    for (const [subject, { compatibility, releases }] of index.subjects) {
      if (!releases.includes(number)) continue;
      const file = types.getMessage(messageOf(subject))?.file.proto.name;
      if (file === undefined) throw new Error(`broken invariant: release ${number} holds the message of ${subject}`);
      plan(subject, file, compatibility);
    }
  }
  return planned;
}
