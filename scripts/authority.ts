/**
 * Writes authority.json from the canvases and the catalogue, and from these the chart's topology.json; with --check, says whether those that
 * are checked in are they.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Canvas } from "@countersign/runtime";
import { joinAuthority } from "../platform/src/authority.ts";
import { joinTopology } from "../platform/src/topology.ts";

const agents = readdirSync(new URL("../agents", import.meta.url)).sort();
const canvases: Canvas[] = [];
for (const agent of agents) {
  const module: { canvas?: Canvas; canvases?: readonly Canvas[] } = await import(`../agents/${agent}/canvas.ts`);
  canvases.push(...(module.canvases ?? []), ...(module.canvas === undefined ? [] : [module.canvas]));
}
const authority = joinAuthority(canvases);
const files = {
  "authority.json": authority,
  "charts/countersign/files/topology.json": joinTopology(authority, canvases),
};
const check = process.argv.includes("--check");
for (const [path, value] of Object.entries(files)) {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  const file = new URL(`../${path}`, import.meta.url);
  if (!check) {
    writeFileSync(file, text);
  } else if (readFileSync(file, "utf8") !== text) {
    console.error(`${path} is not what the canvases ask for: run \`npm run authority\` and review its diff`);
    process.exitCode = 1;
  }
}
