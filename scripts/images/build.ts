/**
 * `npm run images -- [name …]`: images from the last commit, by buildah, without a registry, as archives in the cache folder.
 *
 *   --tag TAG      instead of the commit's first twelve digits
 *   --out DIR      for the archives
 *   --no-archive   leaves them in buildah's and podman's store alone
 *   --worktree     with what is not committed
 *   --fresh        takes nothing from builds before
 */
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Base, baseImage } from "./base.ts";
import { build, cacheDir, idOf, save } from "./buildah.ts";
import { engineImage } from "./engines.ts";
import { isProcess, PROCESSES } from "./names.ts";
import { writeSbom } from "./sbom.ts";
import { lastChange, revisionOf, type Source, sourceOf } from "./source.ts";

export interface BuiltImage {
  readonly name: string;
  readonly ref: string;
  readonly id: string;
}

export const IMAGES = [...PROCESSES, "countersign", "engines"];

export async function buildImage(name: string, source: Source, tag: string, fresh = false): Promise<BuiltImage> {
  if (name === "engines") return { name: "countersign-engines", ...(await engineImage(source, tag, fresh)) };
  const base = baseImage(name === "countersign" ? "shell" : "run");
  const { commit, time } = revisionOf(source, name);
  const image = isProcess(name) ? `countersign-${name}` : name;
  const ref = `localhost/${image}:${tag}`;
  const given = {
    ...bases(base),
    RUNTIME: runtimeImage(source, base, fresh),
    AGENT: name,
    REVISION: commit,
    CREATED: new Date(time * 1_000).toISOString(),
    VERSION: versionOf(source),
  };
  const target = isProcess(name) ? "process" : name;
  const id = build({
    ref,
    file: dockerfile(source),
    context: source.dir,
    target,
    arguments: given,
    timestamp: time,
    fresh,
  });
  return { name: image, ref, id };
}

/** The base with our Node: one for every image, and as old as the lockfile, so that versions share it. */
function runtimeImage(source: Source, base: Base, fresh: boolean): string {
  const recipe = ["package-lock.json", "images/Dockerfile", "scripts/images/prune.ts"];
  const hash = createHash("sha256").update(base.id);
  for (const file of recipe) hash.update(readFileSync(join(source.dir, file)));
  const ref = `localhost/countersign-runtime:${hash.digest("hex").slice(0, 12)}`;
  if (idOf(ref) !== undefined && !fresh) return ref;
  const { time } = lastChange(recipe);
  const arguments_ = bases(base);
  build({
    ref,
    file: dockerfile(source),
    context: source.dir,
    target: "runtime",
    arguments: arguments_,
    timestamp: time,
    fresh,
  });
  return ref;
}

function bases(base: Base) {
  return { BUILD: baseImage("build").ref, BASE: base.ref };
}

function dockerfile({ dir }: Source): string {
  return join(dir, "images/Dockerfile");
}

function versionOf({ dir }: Source): string {
  const { version } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as { readonly version: string };
  return version;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tag: { type: "string" },
      out: { type: "string", default: cacheDir() },
      "no-archive": { type: "boolean", default: false },
      worktree: { type: "boolean", default: false },
      fresh: { type: "boolean", default: false },
    },
  });
  const unknown = positionals.filter((name) => !IMAGES.includes(name));
  if (unknown.length > 0) {
    console.error(`${unknown.join(", ")}: no such image. There are ${IMAGES.join(", ")}`);
    process.exit(2);
  }
  const source = sourceOf(values.worktree);
  const tag = values.tag ?? source.commit.slice(0, 12);
  try {
    for (const name of positionals.length > 0 ? positionals : IMAGES) {
      const began = performance.now();
      const image = await buildImage(name, source, tag, values.fresh);
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      const archive = join(values.out, `${image.name}-${tag}.tar`);
      const size = values["no-archive"] ? "" : ` ${(save(image.ref, archive) / 1e6).toFixed(0)} MB ${archive}`;
      writeSbom(name, source, join(values.out, `${image.name}-${tag}.cdx.json`));
      console.log(`${image.ref} sha256:${image.id} ${seconds} s${size}`);
    }
  } finally {
    rmSync(source.dir, { recursive: true });
  }
}
