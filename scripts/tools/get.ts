/** Gets tools one after the other, and says of each what became of it. */
import { installTool } from "./install.ts";
import { toolPath, toolsDir } from "./place.ts";
import { isToolName, type ToolName, toolOf, tools } from "./table.ts";

/** All that checks need; with those of a node of its own, if wanted. */
export function allTools({ node }: { readonly node: boolean }): readonly ToolName[] {
  const names = Object.keys(tools).filter(isToolName);
  return names.filter((name) => node || toolOf(name).node === undefined);
}

/** Names those that cannot be had. */
export async function getTools(
  wanted: readonly ToolName[],
  print: (line: string) => void,
): Promise<readonly ToolName[]> {
  const start = performance.now();
  const count = { there: 0, got: 0 };
  const failed: ToolName[] = [];
  for (const name of wanted) {
    const outcome = await get(name, print);
    if (outcome === "failed") failed.push(name);
    else count[outcome] += 1;
  }
  const missing = failed.length === 0 ? "" : `, ${failed.length} FAILED`;
  print(`${count.there} were there, ${count.got} new${missing}, ${seconds(start)}: ${toolsDir()}`);
  return failed;
}

/** Why the checks' tools are not all here; undefined if they are. `install`: gets those that are missing first, which may take long. */
export async function whyToolsMissing({ install }: { readonly install: boolean }): Promise<Error | undefined> {
  const lacking = () => allTools({ node: false }).filter((name) => toolPath(name) === undefined);
  if (install && lacking().length > 0) await getTools(lacking(), console.log);
  const names = lacking();
  return names.length === 0 ? undefined : new Error(`no ${names.join(", ")}: npm run tools`);
}

async function get(name: ToolName, print: (line: string) => void): Promise<"there" | "got" | "failed"> {
  const start = performance.now();
  if (toolPath(name) !== undefined) {
    print(`${describe(name)}  there`);
    return "there";
  }
  try {
    await installTool(name);
    print(`${describe(name)}  ${seconds(start)}`);
    return "got";
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    print(`${describe(name)}  FAILED after ${seconds(start)}: ${reason}`);
    return "failed";
  }
}

/** Name, version, where it is from. */
export function describe(name: ToolName): string {
  const { version = "", source } = toolOf(name);
  return `${name.padEnd(24)} ${version.padEnd(20)} ${origin(source)}`;
}

function origin(source: ReturnType<typeof toolOf>["source"]): string {
  if (source.kind === "go") return source.package;
  if (source.kind === "wheel") return `PyPI ${source.project}`;
  return source.kind === "debian" ? `Debian ${source.package}` : "OpenAPI and CRDs of their projects";
}

function seconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
