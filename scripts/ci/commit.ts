/**
 * `node scripts/ci/commit.ts -m MESSAGE [--pull-request BRANCH] FILE…`: commits files as they are here, by GitHub's API, which signs the commit
 * and takes it only on top of the commit that this checkout has. With --pull-request onto a branch of its own, with a request to merge it.
 * Without a token it says what it would do.
 *
 *   GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_REF_NAME, GITHUB_API_URL   as in a workflow
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseOptions } from "../options.ts";
import { root, run } from "../run.ts";
import { openGithub } from "./github.ts";

const { values, positionals: files } = parseOptions({
  allowPositionals: true,
  options: { message: { type: "string", short: "m" }, "pull-request": { type: "string" } },
});
const { message, "pull-request": branch } = values;
if (message === undefined || files.length === 0) {
  console.error("commit: give -m MESSAGE and at least one file");
  process.exit(2);
}
const changed = (await git("status", "--porcelain", "--", ...files)).split("\n").filter((line) => line !== "");
const head = await git("rev-parse", "HEAD");
const token = process.env.GITHUB_TOKEN;
if (changed.length === 0) console.log("commit: nothing has changed");
else if (!token) {
  console.log(`would commit onto ${branch ?? "this branch"}, on top of ${head}: ${message}`);
  console.log(await git("diff", "--", ...files));
} else {
  const repository = process.env.GITHUB_REPOSITORY ?? "";
  const base = process.env.GITHUB_REF_NAME ?? "main";
  const github = openGithub({ token, url: process.env.GITHUB_API_URL ?? "https://api.github.com", repository });
  if (branch !== undefined && (await github.branch(branch)) !== undefined) {
    console.log(`commit: ${branch} is there, and waits to be merged`);
  } else {
    if (branch !== undefined) await github.makeBranch(branch, head);
    const additions = files.map((path) => ({ path, contents: readFileSync(join(root, path)).toString("base64") }));
    const commit = await github.commit({ branch: branch ?? base, head, message, additions });
    console.log(`${branch ?? base}: ${commit}`);
    if (branch !== undefined) console.log(await github.openPullRequest({ branch, base, title: message }));
  }
}

async function git(...args: readonly string[]): Promise<string> {
  const { code, output } = await run("git", args);
  if (code !== 0) throw new Error(`git ${args[0]}: ${output.trim()}`);
  return output.trimEnd();
}
