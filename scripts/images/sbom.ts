/**
 * What is in an image, as CycloneDX: our workspaces, the packages that the lockfile pins with their digests, Node among them, and Debian's
 * packages of the base. From the same lists as the image itself, so neither holds what the other does not say.
 */
import { writeFileSync } from "node:fs";
import type { Package } from "./base.ts";
import { type Locked, packagesOf, readLock } from "./graph.ts";
import { loadedBy, platformPackages } from "./prune.ts";

export interface Sbom {
  readonly root: string;
  readonly what: string;
  readonly image: string;
  readonly version: string;
  /** ISO 8601. */
  readonly created: string;
  readonly debian: readonly Package[];
}

export function writeSbom(path: string, sbom: Sbom): number {
  const components = componentsOf(sbom);
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: sbom.created,
      component: { type: "container", name: sbom.image, version: sbom.version, "bom-ref": sbom.image },
    },
    components,
  };
  writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`);
  return components.length;
}

function componentsOf({ root, what, debian }: Sbom) {
  const locked = readLock(root);
  const graph = loadedBy(root, what);
  const ours = [...graph.workspaces.keys()].map((name) => ({
    type: "library",
    name,
    licenses: licensesOf("Apache-2.0"),
  }));
  const folders = new Set([...packagesOf(root, graph), ...platformPackages(what)]);
  const packages = [...folders].map((folder) => npmComponent(folder, locked[folder]));
  const base = debian.map(({ name, version, sha256 }) => ({
    type: "library",
    name,
    version,
    purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}`,
    hashes: [{ alg: "SHA-256", content: sha256 }],
  }));
  return [...ours, ...packages, ...base];
}

function npmComponent(folder: string, { version = "", license, integrity }: Locked = {}) {
  const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
  const [, digest] = /^sha512-(\S+)$/.exec(integrity ?? "") ?? [];
  return {
    type: "library",
    name,
    version,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    ...(license !== undefined && { licenses: licensesOf(license) }),
    ...(digest !== undefined && {
      hashes: [{ alg: "SHA-512", content: Buffer.from(digest, "base64").toString("hex") }],
    }),
  };
}

function licensesOf(expression: string) {
  return [{ expression }];
}
