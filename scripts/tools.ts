/**
 * `npm run tools`: gets the programs that check:k8s calls, each at the version that scripts/tools/table.ts names, into a cache outside the
 * repository; only what is missing, one after the other.
 *
 *   npm run tools                    all that the checks need
 *   npm run tools -- --node          those that a node of its own needs, too
 *   npm run tools -- helm conftest   these
 *   npm run tools -- --list          what is there
 */
import { allTools, describe, getTools } from "./tools/get.ts";
import { toolPath } from "./tools/place.ts";
import { isToolName, type ToolName, tools } from "./tools/table.ts";

const args = process.argv.slice(2);
const options = ["--list", "--node"];
const unknown = args.filter((arg) => !isToolName(arg) && !options.includes(arg));
const named = args.filter(isToolName);
const wanted = named.length > 0 ? named : allTools({ node: args.includes("--node") });
if (unknown.length > 0) {
  console.error(`tools: no such tool or option: ${unknown.join(", ")}; the tools are ${Object.keys(tools).join(", ")}`);
  process.exitCode = 2;
} else if (args.includes("--list")) process.exitCode = list(wanted);
else process.exitCode = (await getTools(wanted, console.log)).length === 0 ? 0 : 1;

function list(names: readonly ToolName[]): number {
  for (const name of names) console.log(`${describe(name)}  ${toolPath(name) ?? "missing"}`);
  return names.every((name) => toolPath(name) !== undefined) ? 0 : 1;
}
