import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that goes with this process. */
export function scratch(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `countersign-${name}-`));
  process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
