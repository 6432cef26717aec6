import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPool } from "./pool.ts";
import type { Row } from "./sql.ts";

export type TempDir = AsyncDisposable & { readonly path: string };

/** A new folder that every account may traverse, so that a server that root starts can live in it. */
export async function tempDir(): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), "countersign-test-"));
  await chmod(path, 0o711);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** One statement on a connection of its own. */
export async function query(url: string, text: string): Promise<Row[]> {
  await using pool = openPool(url, { max: 1, applicationName: "test" });
  return (await pool.query(text)).rows;
}
