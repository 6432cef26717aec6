import assert from "node:assert/strict";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { PostgresError } from "./errors.ts";

/** Ids as `stat` reports them: unsigned 32 bits. */
export type Account = { readonly uid: number; readonly gid: number };

/**
 * Whom the server runs as; `undefined` means as ourselves. PostgreSQL refuses to run as root, so root runs it as
 * `nobody`. The account is only looked up: we never create or change a user of the machine.
 */
export function serverAccount(passwd = "/etc/passwd"): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const entry = readFileSync(passwd, "utf8")
    .split("\n")
    .find((line) => line.startsWith("nobody:"));
  if (entry === undefined) {
    throw new PostgresError(
      "ACCOUNT_MISSING",
      `PostgreSQL does not run as root and ${passwd} has no account "nobody": run this as an ordinary user`,
    );
  }
  const [, , uid, gid] = entry.split(":");
  // macOS writes nobody as -2, which stat reports as 4294967294.
  const account = { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  assert(account.uid !== 0, `"nobody" in ${passwd} is not root`);
  return account;
}

/** The options of `spawn` that run a program as `account`; spawn wants signed 32 bits. */
export function spawnAs(account: Account | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid | 0, gid: account.gid | 0 };
}

/** Whether `account` may traverse `path` and all above it (or execute it, if it is a program). */
export function canReach(path: string, account: Account | undefined): boolean {
  if (account === undefined) return true;
  for (let at = realpathSync(path); ; at = dirname(at)) {
    const { mode, uid, gid } = statSync(at);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
