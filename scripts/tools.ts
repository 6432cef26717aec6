/**
 * `npm run tools`: gets the programs that check:k8s calls, each at the version that scripts/tools/table.ts names, into a cache outside the
 * repository; only what is missing, one after the other.
 *
 *   npm run tools                    all that the checks need
 *   npm run tools -- --node          those that a node of its own needs, too
 *   npm run tools -- helm conftest   these
 *   npm run tools -- --list          what is there
 */
import { installTool } from "./tools/install.ts";
import { toolPath, toolsDir } from "./tools/place.ts";
import { isToolName, type ToolName, toolOf, tools } from "./tools/table.ts";

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith("--"));
const unknown = [
  ...names.filter((name) => !isToolName(name)),
  ...args.filter((arg) => arg.startsWith("--") && arg !== "--node" && arg !== "--list"),
];
if (unknown.length > 0) {
  console.error(`tools: no such tool or option: ${unknown.join(", ")}; the tools are ${Object.keys(tools).join(", ")}`);
  process.exitCode = 2;
} else {
  const wanted = names.length > 0 ? names.filter(isToolName) : allTools(args.includes("--node"));
  process.exitCode = args.includes("--list") ? list(wanted) : await getAll(wanted);
}

function allTools(withNode: boolean): readonly ToolName[] {
  return Object.keys(tools)
    .filter(isToolName)
    .filter((name) => withNode || toolOf(name).node === undefined);
}

function list(wanted: readonly ToolName[]): number {
  for (const name of wanted) console.log(`${describe(name)}  ${toolPath(name) ?? "missing"}`);
  return wanted.every((name) => toolPath(name) !== undefined) ? 0 : 1;
}

async function getAll(wanted: readonly ToolName[]): Promise<number> {
  const start = performance.now();
  const count = { there: 0, got: 0, failed: 0 };
  for (const name of wanted) count[await get(name)] += 1;
  const failed = count.failed === 0 ? "" : `, ${count.failed} FAILED`;
  console.log(`${count.there} were there, ${count.got} new${failed}, ${seconds(start)}: ${toolsDir()}`);
  return count.failed === 0 ? 0 : 1;
}

async function get(name: ToolName): Promise<"there" | "got" | "failed"> {
  const start = performance.now();
  try {
    if (toolPath(name) !== undefined) {
      console.log(`${describe(name)}  there`);
      return "there";
    }
    await installTool(name);
    console.log(`${describe(name)}  ${seconds(start)}`);
    return "got";
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    console.log(`${describe(name)}  FAILED after ${seconds(start)}: ${reason}`);
    return "failed";
  }
}

function describe(name: ToolName): string {
  const { version, source } = toolOf(name);
  const from = {
    go: () => (source.kind === "go" ? source.package : ""),
    wheel: () => (source.kind === "wheel" ? `PyPI ${source.project}` : ""),
    debian: () => (source.kind === "debian" ? `Debian ${source.package}` : ""),
    schemas: () => "OpenAPI and CRDs of their projects",
  }[source.kind]();
  return `${name.padEnd(24)} ${(version ?? "").padEnd(20)} ${from}`;
}

function seconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
