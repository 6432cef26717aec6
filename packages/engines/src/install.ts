import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { EngineError } from "./errors.ts";

const execute = promisify(execFile);

/** Runs `program args` and returns what it printed on both streams, or undefined where there is no such program. */
export async function said(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await execute(program, args);
    return stdout + stderr;
  } catch {
    return undefined;
  }
}

const tried = new Map<string, Promise<void>>();

/**
 * On Debian, and as root: installs packages with apt-get, once per process. Everywhere else it is the reader who installs them.
 * @throws EngineError PROGRAM_MISSING
 */
export function install(what: string, packages: readonly string[]): Promise<void> {
  const list = packages.join(" ");
  const running = tried.get(list) ?? aptInstall(what, packages);
  tried.set(list, running);
  return running;
}

/** Whether `install` does it by itself here. */
export function isInstalling(): boolean {
  return existsSync("/etc/debian_version") && process.getuid?.() === 0;
}

async function aptInstall(what: string, packages: readonly string[]): Promise<void> {
  const list = packages.join(" ");
  if (!isInstalling())
    throw new EngineError("PROGRAM_MISSING", `${what} is not installed: install it (Debian: apt-get install ${list})`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) => execute("apt-get", ["-qq", ...args], { env });
  const installing = ["install", "-y", "--no-install-recommends", ...packages];
  try {
    await apt(...installing).catch(async () => {
      await apt("update");
      await apt(...installing);
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim().split("\n").at(-1) : String(cause);
    throw new EngineError("PROGRAM_MISSING", `${what} could not be installed (${reason}): apt-get install ${list}`, {
      cause,
    });
  }
}
