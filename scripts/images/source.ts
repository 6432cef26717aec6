/** What images are made of: a commit, never what happens to lie in a folder; and per image the commit that last changed something in it. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../run.ts";
import { dataOf, loadedBy, manifestsOf } from "./prune.ts";

export interface Source {
  /** A folder of its own: whoever asked for it removes it. */
  readonly dir: string;
  readonly commit: string;
  /** What is not committed is in it, too: for trying, and said in the image's revision. */
  readonly isDirty: boolean;
}

export interface Revision {
  readonly commit: string;
  /** Seconds since 1970. */
  readonly time: number;
}

/** @param worktree with what is not committed */
export function sourceOf(worktree: boolean): Source {
  const dir = mkdtempSync(join(tmpdir(), "countersign-source-"));
  const commit = git("rev-parse", "HEAD");
  if (worktree) {
    for (const file of git("ls-files", "--cached", "--others", "--exclude-standard").split("\n")) {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      cpSync(join(root, file), join(dir, file), { verbatimSymlinks: true });
    }
  } else
    execFileSync("tar", ["-x", "-C", dir], {
      input: execFileSync("git", ["archive", "HEAD"], { cwd: root, maxBuffer: 1 << 30 }),
    });
  return { dir, commit, isDirty: worktree && git("status", "--porcelain") !== "" };
}

const RECIPE = [".dockerignore", "images/Dockerfile", "images/base", "package-lock.json", "scripts/images"];

export function createdAt({ time }: Revision): string {
  return new Date(time * 1_000).toISOString();
}

/** Two commits between which nothing of an image has changed give the same image. */
export function revisionOf({ dir, isDirty }: Source, name: string): Revision {
  const graph = loadedBy(dir, name);
  const files = [...RECIPE, ...graph.files, ...manifestsOf(graph), ...dataOf(dir, name)];
  const revision = lastChange(files);
  return isDirty ? { ...revision, commit: `${revision.commit}-dirty` } : revision;
}

export function lastChange(files: readonly string[]): Revision {
  const [commit = "", time = ""] = git("log", "-1", "--format=%H %ct", "--", ...files).split(" ");
  return { commit, time: Number(time) };
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 }).trim();
}
