/**
 * `node scripts/images/reproducible.ts [name …]`: builds each image twice from the last commit, from nothing: bases, what npm installs, Node.
 * Both have to have the same id, which is the digest of all that is in them. Policy, the whole and the engines unless others are named.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { idOf } from "./buildah.ts";
import { isProcess } from "./names.ts";

const names = process.argv.length > 2 ? process.argv.slice(2) : ["policy", "countersign", "engines"];
const tags = ["first", "second"];
for (const tag of tags) {
  const args = [join(import.meta.dirname, "build.ts"), "--fresh", "--no-archive", "--tag", tag, ...names];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
for (const name of names) {
  const image = isProcess(name) || name === "engines" ? `countersign-${name}` : name;
  const [first, second] = tags.map((tag) => idOf(`localhost/${image}:${tag}`));
  const isSame = first !== undefined && first === second;
  console.log(`${isSame ? "same  " : "OTHER "} ${image} ${first} ${second}`);
  if (!isSame) process.exitCode = 1;
}
