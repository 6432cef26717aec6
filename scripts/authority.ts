/** Writes authority.json from the canvases and the catalogue; with --check, says whether the one that is checked in is it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { joinAuthority } from "../platform/src/authority.ts";

const agents = readdirSync(new URL("../agents", import.meta.url)).sort();
const canvases = [];
for (const agent of agents) {
  const module: { canvas?: unknown; canvases?: unknown } = await import(`../agents/${agent}/canvas.ts`);
  canvases.push(...(Array.isArray(module.canvases) ? module.canvases : [module.canvas]));
}
const text = `${JSON.stringify(joinAuthority(canvases), null, 2)}\n`;
const file = new URL("../authority.json", import.meta.url);
if (!process.argv.includes("--check")) {
  writeFileSync(file, text);
} else if (readFileSync(file, "utf8") !== text) {
  console.error("authority.json is not what the canvases ask for: run `npm run authority` and review its diff");
  process.exit(1);
}
