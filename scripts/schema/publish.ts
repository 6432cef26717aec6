import { withCompiled } from "./compile.ts";
import { type Publication, publications } from "./publication.ts";
import type { Reference, RegistrySchema, SchemaRegistry } from "./registry.ts";
import { readIndex, releaseFolder } from "./subject-index.ts";

export interface Published {
  readonly registered: number;
  /** Versions that the registry already had. */
  readonly already: number;
  /** Subjects whose compatibility had to be set. */
  readonly configured: number;
}

/**
 * Registers every released version of every subject, oldest first, and sets each subject's compatibility. What the registry already has
 * stays as it is, so that a publication that broke off is done again. @throws SchemaError
 */
export async function publishSchemas(folder: string, registry: SchemaRegistry): Promise<Published> {
  const index = readIndex(folder);
  const numbers = index.releases.map((_, at) => at + 1);
  const planned = await withCompiled(
    numbers.map((number) => releaseFolder(folder, number)),
    async (compiled) => publications(index, new Map(numbers.map((number, at) => [number, compiled[at]!]))),
  );
  let registered = 0;
  let configured = 0;
  const references = new Map<string, Reference>();
  for (const publication of planned) {
    const { version, isNew } = await publishOne(publication, references, registry);
    const { subject, compatibility } = publication;
    references.set(subject, { name: subject, subject, version });
    if (isNew) registered++;
    // After a version, not before: there are registries that know no rule of a subject without one.
    if (await registry.setCompatibility(subject, compatibility)) configured++;
  }
  return { registered, already: planned.length - registered, configured };
}

async function publishOne(
  { subject, schema: text, imports }: Publication,
  published: ReadonlyMap<string, Reference>,
  registry: SchemaRegistry,
): Promise<{ version: number; isNew: boolean }> {
  const references = imports.map((path) => {
    const reference = published.get(path);
    if (reference === undefined) throw new Error(`broken invariant: ${path} is published before what imports it`);
    return reference;
  });
  const schema: RegistrySchema = { schema: text, references };
  const had = await registry.versionOf(subject, schema);
  if (had !== undefined) return { version: had, isNew: false };
  if (await registry.hasSubject(subject)) await registry.testCompatibility(subject, schema);
  await registry.register(subject, schema);
  const version = await registry.versionOf(subject, schema);
  if (version === undefined) throw new Error(`broken invariant: ${subject} is found after it was registered`);
  return { version, isNew: true };
}
