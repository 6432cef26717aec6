/**
 * `npm run images -- [name …]`: images from the last commit, by buildah, without a registry, as archives in the cache
 * folder, each with the list of what is in it (CycloneDX).
 *
 *   --tag TAG      instead of the commit's first twelve digits
 *   --out DIR      for the archives
 *   --no-archive   leaves them in buildah's and podman's store alone
 *   --worktree     with what is not committed
 *   --fresh        takes nothing from builds before
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseOptions } from "../options.ts";
import { type Base, baseImage } from "./base.ts";
import { build, cacheDir, idOf, save } from "./buildah.ts";
import { engineImage } from "./engines.ts";
import { isProcess, PROCESSES } from "./names.ts";
import { writeSbom } from "./sbom.ts";
import { createdAt, lastChange, type Revision, revisionOf, type Source, sourceOf } from "./source.ts";

export interface BuiltImage {
  readonly name: string;
  readonly ref: string;
  readonly id: string;
  readonly base: Base;
  readonly revision: Revision;
}

export const IMAGES = [...PROCESSES, "countersign", "engines"];

export async function buildImage(name: string, source: Source, tag: string, fresh = false): Promise<BuiltImage> {
  if (name === "engines") return engineImage(source, tag, fresh);
  const base = baseImage(name === "countersign" ? "shell" : "run", fresh);
  const revision = revisionOf(source, name);
  const image = isProcess(name) ? `countersign-${name}` : name;
  const ref = `localhost/${image}:${tag}`;
  const common = { BUILD: baseImage("build", fresh).ref, BASE: base.ref, MODULES: modulesImage(source, fresh) };
  const given = {
    ...common,
    RUNTIME: runtimeImage(source, base, common, fresh),
    AGENT: name,
    REVISION: revision.commit,
    CREATED: createdAt(revision),
    VERSION: versionOf(source),
  };
  const target = isProcess(name) ? "process" : name;
  const id = build({ ...placesOf(source), ref, target, arguments: given, timestamp: revision.time });
  return { name: image, ref, id, base, revision };
}

/** What npm installs. */
function modulesImage(source: Source, fresh: boolean): string {
  const manifests = readdirSync(source.dir, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith("package.json") && !file.startsWith("test/"))
    .sort();
  const { id, ref: BUILD } = baseImage("build");
  const recipe = ["images/Dockerfile", "package-lock.json"];
  const ref = `localhost/countersign-modules:${digestOf(source, id, [...recipe, ...manifests])}`;
  if (made.has(ref) || (idOf(ref) !== undefined && !fresh)) return ref;
  build({ ...placesOf(source), ref, target: "modules", arguments: { BUILD }, timestamp: lastChange(recipe).time });
  made.add(ref);
  return ref;
}

/** The base with our Node: one for every image, and as old as the lockfile, so that versions share it. */
function runtimeImage(source: Source, base: Base, given: Readonly<Record<string, string>>, fresh: boolean): string {
  const recipe = ["images/Dockerfile", "package-lock.json", "scripts/images/prune.ts"];
  const ref = `localhost/countersign-runtime:${digestOf(source, base.id, recipe)}`;
  if (made.has(ref) || (idOf(ref) !== undefined && !fresh)) return ref;
  build({ ...placesOf(source), ref, target: "runtime", arguments: given, timestamp: lastChange(recipe).time });
  made.add(ref);
  return ref;
}

/** In this run: of many images each is made once, also afresh. */
const made = new Set<string>();

function digestOf({ dir }: Source, id: string, files: readonly string[]): string {
  const hash = createHash("sha256").update(id);
  for (const file of files) hash.update(file).update(readFileSync(join(dir, file)));
  return hash.digest("hex").slice(0, 12);
}

function placesOf({ dir }: Source) {
  return { file: join(dir, "images/Dockerfile"), context: dir };
}

function versionOf({ dir }: Source): string {
  const { version } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as { readonly version: string };
  return version;
}

if (import.meta.main) {
  const { values, positionals } = parseOptions({
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
  mkdirSync(values.out, { recursive: true });
  const source = sourceOf(values.worktree);
  const tag = values.tag ?? source.commit.slice(0, 12);
  try {
    for (const name of positionals.length > 0 ? positionals : IMAGES) {
      const began = performance.now();
      const image = await buildImage(name, source, tag, values.fresh);
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      const archive = join(values.out, `${image.name}-${tag}.tar`);
      const size = values["no-archive"] ? "" : ` ${(save(image.ref, archive) / 1e6).toFixed(0)} MB ${archive}`;
      // Of the engines nobody ships anything.
      if (name !== "engines") {
        const { revision, base } = image;
        const sbom = { root: source.dir, what: name, image: image.name, version: tag, debian: base.packages };
        writeSbom(join(values.out, `${image.name}-${tag}.cdx.json`), { ...sbom, created: createdAt(revision) });
      }
      console.log(`${image.ref} sha256:${image.id} ${seconds} s${size}`);
    }
  } finally {
    rmSync(source.dir, { recursive: true });
  }
}
