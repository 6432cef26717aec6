/**
 * `npm run schema check | release | publish -- --url http://…`: the released contracts in schema-registry/, and what may be done to them.
 * Exit code 0: well; 1: a problem, or it could not be done; 2: wrong usage.
 */
import { join } from "node:path";
import { root } from "./run.ts";
import { type CheckInput, checkSchemas } from "./schema/check.ts";
import { SchemaError } from "./schema/errors.ts";
import { accessOf, readArgs } from "./schema/options.ts";
import { publishSchemas } from "./schema/publish.ts";
import { type RegistryAccess, SchemaRegistry } from "./schema/registry.ts";
import { releaseSchemas } from "./schema/release.ts";
import { expectedSubjects } from "./schema/subjects.ts";

const registry = join(root, "schema-registry");

try {
  process.exitCode = await main(process.argv.slice(2), process.env);
} catch (error) {
  if (!(error instanceof SchemaError)) throw error;
  console.error(`schema: ${error.message}`);
  process.exitCode = error.code === "BAD_OPTION" ? 2 : 1;
}

async function main(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { command, seed, url } = readArgs(args);
  const input: CheckInput = { proto: join(root, "proto"), registry, expected: expectedSubjects(), seed };
  if (command === "check") return await check(input);
  if (command === "release") return await release(input);
  return await publish(accessOf(url, env));
}

async function check(input: CheckInput): Promise<number> {
  const { problems, missing, unreleased, compared } = await checkSchemas(input);
  for (const problem of problems) console.log(problem);
  for (const subject of missing) console.log(`SUBJECT_MISSING  ${subject}: run \`npm run schema release\``);
  const changed = unreleased.filter((subject) => !missing.includes(subject));
  if (changed.length > 0) console.log(`unreleased, frozen by \`npm run schema release\`: ${changed.join(", ")}`);
  const found = problems.length + missing.length;
  const verdict = found === 0 ? "nothing breaks" : `${found} problems`;
  console.log(
    `schema: ${input.expected.length} subjects against ${compared} released versions: ${verdict} (seed ${input.seed})`,
  );
  return found === 0 ? 0 : 1;
}

async function release(input: CheckInput): Promise<number> {
  const released = await releaseSchemas(input);
  for (const [subject, version] of released?.versions ?? []) console.log(`${subject} version ${version}`);
  console.log(
    released === undefined
      ? "schema: nothing has changed since the last release"
      : `schema: release ${released.release}, ${released.versions.size} subjects; review the diff of schema-registry/`,
  );
  return 0;
}

async function publish(access: RegistryAccess): Promise<number> {
  const { registered, already, configured } = await publishSchemas(registry, new SchemaRegistry(access));
  console.log(`schema: ${registered} versions registered, ${already} already there, ${configured} compatibilities set`);
  return 0;
}
