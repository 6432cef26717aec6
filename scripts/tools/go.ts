/** Programs in Go, each built in a module of its own: it may replace what the program's module replaces, and changes nobody else's. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../run.ts";
import type { GoSource } from "./table.ts";

/** @throws Error with one line: why there is no program at `path` */
export async function buildGo(source: GoSource, path: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "countersign-tool-"));
  try {
    writeFileSync(join(dir, "go.mod"), moduleFile(source));
    const linker = [
      "-s",
      "-w",
      ...Object.entries(source.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`),
    ];
    await runGo(["build", "-ldflags", linker.join(" "), "-o", path, source.package], dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The folder of a module's sources. @throws Error with one line */
export async function moduleFolder(module: string, version: string): Promise<string> {
  await runGo(["mod", "download", `${module}@${version}`], tmpdir());
  const said = await runGo(["mod", "download", "-json", `${module}@${version}`], tmpdir());
  const { Dir }: { readonly Dir: string } = JSON.parse(said);
  return Dir;
}

export function moduleFile({ module, version, require = {}, replace = {} }: GoSource): string {
  const requires = Object.entries({ [module]: version, ...require });
  return [
    "module tool",
    "go 1.26.0",
    ...requires.map(([path, of]) => `require ${path} ${of}`),
    ...Object.entries(replace).map(([from, to]) => `replace ${from} => ${to}`),
    "",
  ].join("\n");
}

async function runGo(args: readonly string[], cwd: string): Promise<string> {
  const env = { CGO_ENABLED: "0", GOFLAGS: "-mod=mod -trimpath", GOWORK: "off", GOBIN: "" };
  if ((await run("go", ["version"])).code !== 0)
    throw new Error("there is no Go here (https://go.dev/dl, 1.26 or later)");
  // Building is for whoever waits in the background: whatever else runs here goes first.
  const [command, ...rest] = process.platform === "win32" ? ["go", ...args] : ["nice", "-n", "10", "go", ...args];
  const { code, output } = await run(command!, rest, { cwd, env });
  if (code !== 0) throw new Error(`go ${args[0]}: ${firstComplaint(output)}`);
  return output;
}

/** Go says first what it downloads, and after the first complaint the same of every other package. */
export function firstComplaint(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const said = lines.filter(
    (line) => line !== "" && !/^(go: (downloading|finding|found|added|upgraded) |#)/.test(line),
  );
  return said[0] ?? "it said nothing";
}
