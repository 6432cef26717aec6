/** Where the tools are: outside the repository, each version in a folder of its own, so that two clones share them and none gets the other's. */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheDir } from "@countersign/engines";
import { type ToolName, toolOf } from "./table.ts";

/** $COUNTERSIGN_TOOLS, or `tools` below $XDG_CACHE_HOME/countersign. */
export function toolsDir(): string {
  return process.env.COUNTERSIGN_TOOLS ?? join(cacheDir(), "tools");
}

/** The folder of the pinned version, whether it is there or not; undefined of a tool that is the system's. */
export function toolFolder(name: ToolName): string | undefined {
  const { version } = toolOf(name);
  return version === undefined ? undefined : join(toolsDir(), name, version);
}

/** The program, or the folder of the schemas; undefined where it is not there (`npm run tools` gets it). */
export function toolPath(name: ToolName): string | undefined {
  const folder = toolFolder(name);
  if (folder === undefined) return onPath(name);
  if (toolOf(name).source.kind === "schemas") return existsSync(folder) ? folder : undefined;
  const program = join(folder, name);
  return existsSync(program) ? program : undefined;
}

/** @throws Error where it is not there */
export function neededTool(name: ToolName): string {
  const path = toolPath(name);
  if (path === undefined) throw new MissingTool(name);
  return path;
}

export class MissingTool extends Error {
  constructor(name: ToolName) {
    super(`no ${name}: npm run tools -- ${name}`);
    this.name = "MissingTool";
  }
}

function onPath(name: string): string | undefined {
  return programIn((process.env.PATH ?? "").split(delimiter), name);
}

/** In the first of these folders that has it. */
export function programIn(folders: readonly string[], name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
