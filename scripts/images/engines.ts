/** Kafka, PostgreSQL, Redis and etcd in one image, for laptops and tests: the versions that the tests run on. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kafkaProgram } from "../../packages/engines/src/kafka-program.ts";
import { linkLibraries, locateNative } from "../../packages/postgres/src/native.ts";
import { baseImage } from "./base.ts";
import type { BuiltImage } from "./build.ts";
import { build } from "./buildah.ts";
import { createdAt, lastChange, type Source } from "./source.ts";

const RECIPE = ["images/engines", "images/base", "packages/engines/kafka/pom.xml", "package-lock.json"];

export async function engineImage(source: Source, tag: string, fresh: boolean): Promise<BuiltImage> {
  const base = baseImage("engines", fresh);
  const { libs } = await kafkaProgram();
  const native = locateNative();
  linkLibraries(native.folder);
  const revision = lastChange(RECIPE);
  const context = mkdtempSync(join(tmpdir(), "countersign-engines-"));
  try {
    cpSync(join(source.dir, "images/engines"), context, { recursive: true });
    cpSync(libs, join(context, "kafka"), { recursive: true });
    const filter = (path: string) => !path.endsWith(".a");
    cpSync(native.folder, join(context, "postgres"), { recursive: true, verbatimSymlinks: true, filter });
    const ref = `localhost/countersign-engines:${tag}`;
    const given = { BASE: base.ref, REVISION: revision.commit, CREATED: createdAt(revision) };
    const file = join(context, "Dockerfile");
    const id = build({ ref, file, context, arguments: given, timestamp: revision.time });
    return { name: "countersign-engines", ref, id, base, revision };
  } finally {
    rmSync(context, { recursive: true });
  }
}
