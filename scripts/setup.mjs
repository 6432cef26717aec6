// Plain JavaScript on purpose: it runs on the machine's own Node (20.19 or later), before the pinned one is installed.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const root = new URL("..", import.meta.url);
const lock = readFileSync(new URL("package-lock.json", root), "utf8");
const stamp = new URL("node_modules/.installed-lock", root);
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  console.error("Installing once (about 235 MB) …");
  try {
    execFileSync("npm", ["ci", "--loglevel=error", "--no-fund", "--no-audit"], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
      shell: process.platform === "win32",
    });
  } catch {
    console.error(
      "countersign: the packages could not be installed; see npm's message above, then run the same command again",
    );
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}
