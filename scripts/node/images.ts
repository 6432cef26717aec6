/** The two images a node needs for itself, from programs that are here: what holds a pod's namespaces, and its names. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../run.ts";
import { images, type Place } from "./place.ts";
import { type Program, program } from "./programs.ts";

interface Recipe {
  readonly name: string;
  readonly from: Program;
  readonly args: readonly string[];
}

const recipes: readonly Recipe[] = [
  // As Debian's podman uses it: -P waits, and buries who is orphaned.
  { name: images.pause, from: "catatonit", args: ["-P"] },
  { name: images.dns, from: "coredns", args: [] },
];

/** Each as a docker archive, made once. */
export async function ownImages(place: Place): Promise<readonly string[]> {
  mkdirSync(place.images, { recursive: true });
  return Promise.all(
    recipes.map(async (recipe) => {
      const archive = join(place.images, `${recipe.name.replaceAll(/[/:]/g, "-")}.tar`);
      if (!existsSync(archive)) await build(recipe, archive);
      return archive;
    }),
  );
}

/** So that pods can be made of them. */
export async function load({ runtime }: Place, archives: readonly string[]): Promise<string> {
  const outputs = [];
  for (const archive of archives) {
    const args = ["--address", runtime, "--namespace", "k8s.io", "images", "import", archive];
    outputs.push(await must(program("ctr"), args));
  }
  return outputs.join("");
}

async function build({ name, from, args }: Recipe, archive: string): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), "countersign-image-"));
  // A store of its own: what is built here is nobody else's business.
  const store = ["--root", join(context, "root"), "--runroot", join(context, "run"), "--storage-driver", "vfs"];
  try {
    mkdirSync(join(context, "files"));
    copyFileSync(program(from), join(context, "files", from));
    const entry = JSON.stringify([`/${from}`, ...args]);
    writeFileSync(join(context, "files", "Dockerfile"), `FROM scratch\nCOPY ${from} /${from}\nENTRYPOINT ${entry}\n`);
    await must("buildah", [...store, "build", "--isolation", "chroot", "--tag", name, join(context, "files")]);
    await must("buildah", [...store, "push", name, `docker-archive:${archive}.part:${name}`]);
    renameSync(`${archive}.part`, archive);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

async function must(command: string, args: readonly string[]): Promise<string> {
  const { code, output } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}\n${output}`);
  return output;
}
