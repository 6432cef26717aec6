/** Programs that are no part of this repository: one that is not there is said to be missing, by name. */
import { run } from "../run.ts";

/** Shows what it says. @throws Error when it is not there, or does not succeed */
export async function must(program: string, args: readonly string[]): Promise<void> {
  await have(program);
  const { code } = await run(program, args, { show: true });
  if (code !== 0) throw new Error(`${program} ${args[0] ?? ""} ended with ${code}`);
}

/** What it prints. @throws Error as above */
export async function read(program: string, args: readonly string[]): Promise<string> {
  await have(program);
  const { code, output } = await run(program, args);
  if (code !== 0) throw new Error(`${program} ${args[0] ?? ""}: ${output.trim()}`);
  return output.trim();
}

async function have(program: string): Promise<void> {
  const found = await run(process.platform === "win32" ? "where" : "which", [program]);
  if (found.code !== 0) throw new Error(`not run: ${program} is not installed`);
}

/** A script's end: one line, and exit code 1. */
export async function main(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
