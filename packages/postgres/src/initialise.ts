import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Account, spawnAs } from "./account.ts";
import { diskFull, PostgresError, saysDiskFull } from "./errors.ts";
import { isPresent, syncFolder } from "./files.ts";
import { program, systemEnv } from "./native.ts";

/** The superuser of every embedded server. */
export const SUPERUSER = "countersign";

const INITDB_TIMEOUT_MS = 120_000;
const PARTIAL = "initialising-";

/**
 * Makes the data directory `<home>/data` unless it exists, and returns the superuser's password, which lies inside it.
 * initdb works beside it and the result is renamed into place, so that the directory is whole or absent.
 */
export async function initialise(native: string, home: string, account: Account | undefined): Promise<string> {
  const data = join(home, "data");
  if (!isPresent(join(data, "PG_VERSION"))) {
    const partial = await mkdtemp(join(home, PARTIAL));
    try {
      await runInitdb(native, partial, account);
      await rename(join(partial, "password"), join(partial, "data", "password"));
      await rename(join(partial, "data"), data);
      syncFolder(home);
    } catch (error) {
      // Another process may have been first; which of the two owns the data is decided at start.
      if (!isPresent(join(data, "PG_VERSION"))) throw error;
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }
  const self = account?.uid ?? process.getuid?.();
  const owner = statSync(data).uid;
  if (self !== undefined && owner !== self) {
    throw new PostgresError(
      "WRONG_OWNER",
      `The data in ${data} belongs to user ${owner} and the server would run as ${self}: run as the user who made it, or choose another directory`,
    );
  }
  return readFileSync(join(data, "password"), "utf8");
}

/** What killed processes left. To be called by the one that owns the data: whoever else is initialising here has lost. */
export async function removePartials(home: string): Promise<void> {
  for (const name of readdirSync(home)) {
    if (name.startsWith(PARTIAL)) await rm(join(home, name), { recursive: true, force: true });
  }
}

async function runInitdb(native: string, partial: string, account: Account | undefined): Promise<void> {
  const password = join(partial, "password");
  writeFileSync(password, randomBytes(24).toString("base64url"), { mode: 0o600, flush: true });
  if (account !== undefined) for (const path of [partial, password]) chownSync(path, account.uid, account.gid);
  const options = [
    `--pgdata=${join(partial, "data")}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${password}`,
    "--auth=scram-sha-256",
    // PostgreSQL's own collation: the same order of text on every machine.
    "--encoding=UTF8",
    "--no-locale",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
  ];
  try {
    await promisify(execFile)(program(native, "initdb"), options, {
      cwd: partial,
      env: { ...systemEnv(), LC_ALL: "C" },
      timeout: INITDB_TIMEOUT_MS,
      ...spawnAs(account),
    });
  } catch (error) {
    throw diagnose(error, partial);
  }
}

function diagnose(error: unknown, path: string): PostgresError {
  const text = error instanceof Error ? error.message : String(error);
  if (saysDiskFull(text)) return diskFull(path, error);
  if (error instanceof Error && "syscall" in error) {
    return new PostgresError(
      "PLATFORM_MISSING",
      `initdb does not run on this machine (${text}): the binaries need glibc; use a server of your own`,
      { cause: error },
    );
  }
  const reason = text.split("\n").find((line) => line.startsWith("initdb: error:")) ?? text.split("\n").at(-1) ?? "";
  return new PostgresError("INIT_FAILED", `initdb could not make the database: ${reason}`, { cause: error });
}
