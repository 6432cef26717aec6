import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileRegistry, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { run } from "../run.ts";
import { SchemaError } from "./errors.ts";

/** A folder of .proto files, compiled. */
export interface Compiled {
  readonly folder: string;
  /** The same as a file that buf reads: a FileDescriptorSet with source positions. */
  readonly image: string;
  readonly types: FileRegistry;
}

/**
 * Compiles folders of .proto files and hands the result on; the images are gone when `use` has ended. Works offline.
 * @throws SchemaError NOT_COMPILED
 */
export async function withCompiled<T>(
  folders: readonly string[],
  use: (compiled: readonly Compiled[]) => Promise<T>,
): Promise<T> {
  const images = mkdtempSync(join(tmpdir(), "countersign-schema-"));
  try {
    const compiling = folders.map((folder, index) => compile(folder, join(images, `${index}.binpb`)));
    // Whatever one of them says, the folder is theirs until all have ended.
    await Promise.allSettled(compiling);
    return await use(await Promise.all(compiling));
  } finally {
    rmSync(images, { recursive: true, force: true });
  }
}

async function compile(folder: string, image: string): Promise<Compiled> {
  // A configuration of its own: a released folder is no part of the workspace that buf.yaml describes.
  const { code, output } = await run("buf", ["build", folder, "-o", image, "--config", '{"version":"v2"}']);
  if (code !== 0)
    throw new SchemaError("NOT_COMPILED", `${folder} does not compile: ${output.trim()}: mend it, see \`buf lint\``);
  return { folder, image, types: createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(image))) };
}
