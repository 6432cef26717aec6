// `npm run check`: everything that can be said about the sources without running the product. One line a step; a step
// that cannot run fails like one that finds something.
import { generatedProblems } from "./checks/generated.ts";
import { importProblems } from "./checks/imports.ts";
import { lockfileProblems } from "./checks/lockfile.ts";
import { root, run } from "./run.ts";

interface Step {
  readonly name: string;
  /** Answers what is wrong; nothing when all is well. */
  readonly problems: () => readonly string[] | Promise<readonly string[]>;
}

const steps: readonly Step[] = [
  tool("types", "tsc", "-p", "."),
  tool("lint and format", "biome", "ci", "--colors=off", "."),
  tool("dead code", "knip", "--no-config-hints"),
  { name: "imports", problems: () => importProblems(root) },
  { name: "generated code", problems: () => generatedProblems(root) },
  tool("schemas", "node", "scripts/schema.ts", "check"),
  { name: "lockfile", problems: () => lockfileProblems(root) },
  tool("authority.json", "node", "scripts/authority.ts", "--check"),
  tool("markets", "node", "scripts/make-market.ts", "--check"),
];

const failed: string[] = [];
for (const { name, problems } of steps) {
  const start = performance.now();
  const found = await tryStep(problems);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${found.length === 0 ? "ok    " : "FAILED"}  ${name}  ${seconds} s`);
  for (const problem of found) console.log(problem);
  if (found.length > 0) failed.push(name);
}
console.log(failed.length === 0 ? `${steps.length} checks passed` : `FAILED: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function tool(name: string, command: string, ...args: string[]): Step {
  const problems = async () => {
    const { code, output } = await run(command, args);
    return code === 0 ? [] : [output.trim() || `${command} ended with ${code}`];
  };
  return { name, problems };
}

async function tryStep(problems: Step["problems"]): Promise<readonly string[]> {
  try {
    return await problems();
  } catch (error) {
    return [`could not run: ${error instanceof Error ? error.message : String(error)}`];
  }
}
