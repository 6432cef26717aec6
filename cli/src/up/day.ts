/** When the recording is over: the market says so in its log, and its process stays. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const LOOK_EVERY_MS = 1_000;
const ENDED = '"msg":"the market is at its end"';

/** How much the log of a cluster's market holds now: what is said later is said of this life. */
export function marketLogSize(dir: string): number {
  return textOf(dir).length;
}

/** Returns when the market is at its end; rejects when `signal` is aborted before. */
export async function dayOver(dir: string, from: number, signal: AbortSignal): Promise<void> {
  while (!textOf(dir).slice(from).includes(ENDED)) await wait(LOOK_EVERY_MS, undefined, { signal });
}

function textOf(dir: string): string {
  const path = join(dir, "logs", "market.log");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
