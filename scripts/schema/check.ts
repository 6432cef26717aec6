import type { DescMessage } from "@bufbuild/protobuf";
import { breakingProblems, type Release } from "./breaking.ts";
import { closureOf, digestOf } from "./closure.ts";
import { type Compiled, withCompiled } from "./compile.ts";
import { compatibilities, readIndex, releaseFolder, type SubjectIndex, versionsToKeep } from "./subject-index.ts";
import { coverageProblems, messageOf } from "./subjects.ts";
import { wireProblem } from "./wire.ts";

/** Messages per subject, version and direction. */
const SAMPLES = 100;

export interface CheckInput {
  /** Folder of the present .proto files. */
  readonly proto: string;
  /** The folder schema-registry. */
  readonly registry: string;
  /** The subjects that there have to be. */
  readonly expected: readonly string[];
  /** Of the generated messages. */
  readonly seed: bigint;
}

export interface CheckResult {
  /** Each names its rule and what it breaks. Nothing that has one may be released. */
  readonly problems: readonly string[];
  /** Subjects without a row in the index. */
  readonly missing: readonly string[];
  /** Subjects that are new or have changed since their last version; those that miss a row are among them. */
  readonly unreleased: readonly string[];
  /** How many versions of subjects were compared. */
  readonly compared: number;
}

/** Compares the present contracts with everything released that they must not break. @throws SchemaError BAD_INDEX, NOT_COMPILED */
export async function checkSchemas({ proto, registry, expected, seed }: CheckInput): Promise<CheckResult> {
  const index = readIndex(registry);
  const numbers = [...new Set([...index.subjects.values()].flatMap(versionsToKeep).map(({ release }) => release))];
  const folders = [proto, ...numbers.map((number) => releaseFolder(registry, number))];
  return await withCompiled(folders, async ([present, ...compiled]) => {
    if (present === undefined) throw new Error("broken invariant: every folder is compiled");
    const releases = numbers.map((number, at) => ({
      number,
      compiled: compiled[at]!,
      subjects: subjectsHeldTo(number, index),
    }));
    const breaking = await Promise.all(releases.map((release) => breakingProblems(present, release)));
    const wire = releases.flatMap((release) => wireProblems(present, release, index, seed));
    return {
      problems: [...coverageProblems(index, expected, present.types), ...breaking.flat(), ...wire],
      missing: expected.filter((subject) => !index.subjects.has(subject)),
      unreleased: expected.filter((subject) => isUnreleased(subject, present, releases, index)),
      compared: releases.reduce((sum, { subjects }) => sum + subjects.size, 0),
    };
  });
}

function subjectsHeldTo(release: number, { subjects }: SubjectIndex): Map<string, number> {
  return new Map(
    [...subjects].flatMap(([name, subject]) =>
      versionsToKeep(subject)
        .filter((kept) => kept.release === release)
        .map(({ version }) => [name, version]),
    ),
  );
}

function wireProblems(present: Compiled, release: Release, { subjects }: SubjectIndex, seed: bigint): string[] {
  const problems: string[] = [];
  for (const [name, version] of release.subjects) {
    const after = present.types.getMessage(messageOf(name));
    // A message that is gone is what buf's MESSAGE_NO_DELETE says.
    if (after === undefined) continue;
    const before = releasedMessage(name, release);
    const { newReadsOld, oldReadsNew } = compatibilities[subjects.get(name)!.compatibility];
    const tell = (rule: string, writer: DescMessage, reader: DescMessage) => {
      const problem = wireProblem({ writer, reader, seed, samples: SAMPLES });
      if (problem !== undefined) problems.push(`${rule}  ${name} version ${version}: ${problem} (seed ${seed})`);
    };
    if (oldReadsNew) tell("WIRE_OLD_READS_NEW", after, before);
    if (newReadsOld) tell("WIRE_NEW_READS_OLD", before, after);
  }
  return problems;
}

function isUnreleased(name: string, present: Compiled, releases: readonly Release[], index: SubjectIndex): boolean {
  const after = present.types.getMessage(messageOf(name));
  const last = releases.find(({ number }) => number === index.subjects.get(name)?.releases.at(-1));
  if (after === undefined) return false;
  return last === undefined || digestOf(closureOf(after)) !== digestOf(closureOf(releasedMessage(name, last)));
}

function releasedMessage(name: string, { compiled, number }: Release): DescMessage {
  const message = compiled.types.getMessage(messageOf(name));
  if (message === undefined) throw new Error(`broken invariant: release ${number} holds the message of ${name}`);
  return message;
}
