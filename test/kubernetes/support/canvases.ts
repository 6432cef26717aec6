import { readdirSync } from "node:fs";
import type { Canvas } from "@countersign/runtime";

/** Of everybody. */
export async function readCanvases(): Promise<readonly Canvas[]> {
  const agents = new URL("../../../agents/", import.meta.url);
  const found: Canvas[] = [];
  for (const agent of readdirSync(agents).sort()) {
    const module: { canvas?: Canvas; canvases?: readonly Canvas[] } = await import(`${agents}${agent}/canvas.ts`);
    found.push(...(module.canvases ?? []), ...(module.canvas === undefined ? [] : [module.canvas]));
  }
  return found;
}
