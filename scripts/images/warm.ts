/**
 * `node scripts/images/warm.ts WHAT APP`, inside the build: starts the program once, so that its types are erased already when a container
 * starts. Of what Node has compiled, only that is kept: it comes out the same in every build, V8's code does not.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isProcess, MAIN } from "./names.ts";

const [what = "", app = ""] = process.argv.slice(2);
const cache = join(app, "node_modules", ".cache", "countersign");
const env = { PATH: process.env.PATH ?? "", NODE_COMPILE_CACHE: cache };
if (isProcess(what)) {
  const { status, stderr } = start(join(app, MAIN), "/nowhere", what === "validator" ? "validator-1" : what);
  // It has loaded everything when it misses what it was told to read.
  if (!stderr.includes("/nowhere")) throw new Error(`${what} ended with ${status}: ${stderr}`);
} else {
  const commands = ["demo/demo.ts", "up/up.ts", "status/status.ts"].map((file) => join(app, "cli/src", file));
  const { status, stderr } = start("--eval", commands.map((file) => `import(${JSON.stringify(file)});`).join(""));
  if (status !== 0) throw new Error(`${what} ended with ${status}: ${stderr}`);
}

function start(...args: readonly string[]) {
  return spawnSync(process.execPath, args, { env, encoding: "utf8" });
}

// One folder for each user that runs Node: the build's, and the container's.
const USER = 65532;
const made = readdirSync(cache);
const [folder = ""] = made;
if (made.length !== 1 || !folder.endsWith("-0")) throw new Error(`broken invariant: ${cache} holds ${made.join(", ")}`);
const kept = join(cache, folder.replace(/-0$/, `-${USER}`));
renameSync(join(cache, folder), kept);
let count = 0;
for (const file of readdirSync(kept)) {
  const path = join(kept, file);
  if (isCode(readFileSync(path))) rmSync(path);
  else {
    chmodSync(path, 0o644);
    count++;
  }
}
chmodSync(kept, 0o755);
if (count === 0)
  throw new Error(`${cache}: Node ${process.version} keeps nothing of what was read: warm.ts does not know its files`);
console.log(`${count} modules without types`);

/** Behind Node's header of twenty bytes V8's own begins with its magic number (SerializedCodeData). */
function isCode(entry: Buffer): boolean {
  return entry.readUInt16LE(22) === 0xc0de;
}
