/** When an environment got the images that it has: git says so, and the gate keeps nothing of its own. */

import { run } from "../../run.ts";
import { type Environment, type Images, imagePath, parseImages, readImages } from "../images.ts";
import { GateError } from "./prometheus.ts";

export interface Release {
  readonly images: Images;
  readonly sinceMs: number;
  /** Nothing ran there before. */
  readonly isFirst: boolean;
}

/** Undefined where no image has come yet. @throws GateError NO_RELEASE: git does not say since when */
export async function releaseOf(environment: Environment): Promise<Release | undefined> {
  const path = imagePath(environment);
  const images = readImages(environment);
  if (images === undefined) return undefined;
  const said = await git("log", "-1", "--format=%H %ct", "--", path);
  const [commit, seconds] = said.split(" ");
  if (commit === undefined || seconds === undefined)
    throw new GateError("NO_RELEASE", `${path}: not committed, or this clone is too shallow to know when`);
  const before = await run("git", ["show", `${commit}^:${path}`]);
  const isFirst = before.code !== 0 || parseImages(before.output, path) === undefined;
  return { images, sinceMs: Number(seconds) * 1_000, isFirst };
}

async function git(...args: readonly string[]): Promise<string> {
  const { code, output } = await run("git", args);
  if (code !== 0) throw new GateError("NO_RELEASE", `git ${args[0]}: ${output.trim()}`);
  return output.trim();
}
