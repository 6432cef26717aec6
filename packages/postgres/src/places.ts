import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { chmod, cp, mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Account, canReach } from "./account.ts";
import { PostgresError } from "./errors.ts";
import { isPresent } from "./files.ts";
import { linkLibraries, type Native, program } from "./native.ts";

/**
 * Where binaries and data go when the server's account cannot traverse to the checkout (a clone under a 0700 home, used
 * by root). The first that root may create is used; /var/tmp comes last because cleaners empty it.
 */
export const SYSTEM_BASES: readonly string[] = ["/var/lib/countersign", "/var/tmp/countersign"];

/**
 * The folder that holds the data of `dir`: `dir` itself where the account can reach it, else a folder in one of
 * `bases`, to which the link `dir/outside` points. Deleting `dir` deletes the link, so that the next start is a new one.
 */
export async function homeOf(dir: string, account: Account | undefined, bases: readonly string[]): Promise<string> {
  mkdirSync(dir, { recursive: true });
  const link = join(dir, "outside");
  if (isPresent(link)) return followLink(link);
  if (canReach(dir, account)) return realpathSync(dir);
  if (isPresent(join(dir, "data"))) {
    throw new PostgresError(
      "DATA_UNREACHABLE",
      `The data in ${dir} lies where the server's account cannot reach it: allow it to pass ("chmod o+x" on the folders above) or move it`,
    );
  }
  const home = mkdtempSync(join(safeBase(bases, account), "data-"));
  chmodSync(home, 0o711);
  try {
    await symlink(home, link);
    return home;
  } catch (error) {
    await rm(home, { recursive: true });
    if (isPresent(link)) return followLink(link); // another process was first
    throw error;
  }
}

/** The folder of programs that `account` can execute: the installed one, or a copy made once. */
export async function reachableNative(
  native: Native,
  account: Account | undefined,
  bases: readonly string[],
): Promise<string> {
  if (canReach(program(native.folder, "postgres"), account)) {
    linkLibraries(native.folder);
    return native.folder;
  }
  // The name is a digest of the content's listing: a copy that a cleaner or a crash has damaged is not taken for whole.
  const digest = listingDigest(native.folder);
  const copy = join(safeBase(bases, account), `postgres-${native.version}-${digest}`, "native");
  if (isPresent(copy) && listingDigest(copy) === digest) return copy;
  await copyNative(native.folder, dirname(copy));
  return copy;
}

async function copyNative(from: string, to: string): Promise<void> {
  const partial = await mkdtemp(`${to}.partial-`);
  try {
    const native = join(partial, "native");
    await cp(from, native, { recursive: true, verbatimSymlinks: true });
    for (const path of [partial, native, ...walk(native)]) await openToAll(path);
    linkLibraries(native);
    await rm(to, { recursive: true, force: true });
    await rename(partial, to);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    const wasSecond = error instanceof Error && "code" in error && error.code === "ENOTEMPTY";
    if (!wasSecond) throw error;
  }
}

/** Whatever the umask was when npm and we wrote them. */
async function openToAll(path: string): Promise<void> {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return;
  await chmod(path, found.isDirectory() || (found.mode & 0o100) !== 0 ? 0o755 : 0o644);
}

/** Nobody may plant programs or data for root to use: the base is root's own, a real folder, and closed to others. */
function safeBase(bases: readonly string[], account: Account | undefined): string {
  for (const base of bases) {
    if (!isPresent(base) && !madeFolder(base)) continue; // a read-only system, or another layout: the next one
    const found = lstatSync(base);
    const safe = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
    if (!safe) {
      throw new PostgresError("UNSAFE_DIRECTORY", `${base} is not a folder that root alone may write: remove it`);
    }
    if (canReach(base, account)) return base;
  }
  throw new PostgresError(
    "UNSAFE_DIRECTORY",
    `No place for the database outside the checkout (tried ${bases.join(", ")}): move the checkout where every user can pass, or run as an ordinary user`,
  );
}

function madeFolder(path: string): boolean {
  try {
    mkdirSync(path);
    chmodSync(path, 0o755); // whatever the umask
    return true;
  } catch {
    return isPresent(path); // another process was first
  }
}

function followLink(link: string): string {
  try {
    return realpathSync(link);
  } catch (error) {
    throw new PostgresError(
      "DATA_UNREACHABLE",
      `The data of ${dirname(link)} was in ${readlinkSync(link)} and is gone: bring it back, or remove ${link} to begin anew`,
      { cause: error },
    );
  }
}

function listingDigest(folder: string): string {
  const hash = createHash("sha256");
  for (const path of walk(folder)) {
    const found = lstatSync(path);
    if (found.isFile()) hash.update(`${path.slice(folder.length)}\0${found.size}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}

function walk(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .sort();
}
