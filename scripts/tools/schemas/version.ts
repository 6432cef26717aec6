import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Another source, another version of one, another line of what makes them: another set, in a folder of its own. */
export function schemasVersion(kubernetes: string): string {
  const hash = createHash("sha256").update(kubernetes);
  const files = readdirSync(import.meta.dirname).filter((name) => !name.endsWith(".test.ts"));
  for (const file of files.toSorted()) hash.update(`\n${file}\n`).update(readFileSync(join(import.meta.dirname, file)));
  return `${kubernetes}-${hash.digest("hex").slice(0, 12)}`;
}
