/** A cluster's folder: what it is, and who may read its keys. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { AGENTS } from "../../agents.ts";
import { VALIDATORS } from "../../genesis.ts";
import { type ClusterSpec, keysDir } from "../cluster.ts";
import { bad, type Finding, ok } from "./finding.ts";

const OWNER_FILE = 0o600;
const OWNER_FOLDER = 0o700;
/** Who signs envelopes, beside the person. */
const SIGNERS = [...VALIDATORS, ...AGENTS, "market", "gateway"] as const;

export function* folder(dir: string, { platform, account }: ClusterSpec): Generator<Finding> {
  yield ok("cluster", `${platform}, account ${account}, in ${dir}`);
  yield keys(keysDir(dir));
  yield closed("secrets", join(dir, "secrets.json"));
}

/** Every process has its key, and nobody but the owner reads any. */
function keys(dir: string): Finding {
  const check = "keys";
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(".key")) : [];
  const missing = SIGNERS.filter((name) => !names.includes(`${name}.envelope.key`));
  if (missing.length > 0)
    return bad(
      check,
      "missing",
      `${dir} has none of ${missing.join(", ")}`,
      "restore the folder from your copy: a key cannot be made again",
    );
  const open = [
    ...names.map((name) => join(dir, name)).filter((path) => isOpen(path, OWNER_FILE)),
    ...(isOpen(dir, OWNER_FOLDER) ? [dir] : []),
  ];
  if (open.length === 0) return ok(check, `${names.length}, readable by their owner alone`);
  const cure = `chmod 700 ${dir} && chmod 600 ${join(dir, "*.key")}`;
  return bad(check, "wrong", `others may read ${open.join(", ")}`, cure);
}

function closed(check: string, path: string): Finding {
  if (!existsSync(path)) return bad(check, "missing", `${path} is not there`, "restore the folder from your copy");
  if (!isOpen(path, OWNER_FILE)) return ok(check, "readable by their owner alone");
  return bad(check, "wrong", `others may read ${path}`, `chmod 600 ${path}`);
}

function isOpen(path: string, most: number): boolean {
  return (statSync(path).mode & 0o777 & ~most) !== 0;
}
